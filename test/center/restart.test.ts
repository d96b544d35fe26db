import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { newUlid } from '../../src/protocol/ulid.ts'
import { filesInRegister } from '../support/centers/files-in-register.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { packOf, sha256, spoolFile } from '../support/instances/spool-file-fixture.ts'

test('a half-written file of a crash is never taken for the instance', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const file = spoolFile({ recipients: await center.recipients(agent) })
  const before = spoolFile({
    recipients: await center.recipients(agent),
    envelope: { ...file.envelope, ulid: newUlid(1) },
  })
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = file.envelope
  await agent.deliver(packOf([before]))
  const series = join(center.folder, 'instances', studyInstanceUid, seriesInstanceUid)
  writeFileSync(join(series, `${sopInstanceUid}~${file.envelope.ulid}.dcm`), file.part10.subarray(0, 50))

  await agent.deliver(packOf([file]))

  const stored = filesInRegister(center, studyInstanceUid)
  expect(stored.map(sha256).toSorted()).toEqual([file, before].map((one) => sha256(one.part10)).toSorted())
  expect(readdirSync(series)).toHaveLength(2)
})

test('files of packs that no row names are removed at start', async () => {
  await using center = await RunningCenter.start()
  await center.close()
  writeFileSync(join(center.folder, 'packs', '01J00000000000000000000000'), 'left behind')

  await center.open()

  expect(readdirSync(join(center.folder, 'packs'))).toEqual([])
})
