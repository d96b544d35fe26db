import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { SqlRow } from '../../src/platform/sqlite.ts'
import { sqliteDriver } from '../../src/platform/sqlite-driver/sqlite-driver.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { newUid, packOf, sha256, spoolFile } from '../support/instances/spool-file-fixture.ts'

test('a center that is killed in the middle of an upload goes on where it was', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = packOf([spoolFile({ recipients: await center.recipients(agent) })])
  await center.close()
  await center.openProcess()
  const location = String((await agent.create(pack)).headers.location)
  await agent.patch(location, 0, pack.bytes.subarray(0, 1000))

  await center.kill()
  await center.open()

  expect((await agent.tus('HEAD', location)).headers['upload-offset']).toBe('1000')
  await agent.patch(location, 1000, pack.bytes.subarray(1000))
  expect(await agent.answered(location)).toMatchObject({ members: [{ state: 'stored' }] })
})

test('a center that is killed while it opens a pack opens it again, and loses and doubles nothing', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const recipients = await center.recipients(agent)
  const envelope = { studyInstanceUid: newUid(), seriesInstanceUid: newUid() }
  const files = Array.from({ length: 400 }, () => spoolFile({ recipients, envelope }))
  const pack = packOf(files)
  await center.close()
  await center.openProcess()
  const location = String((await agent.create(pack, pack.bytes)).headers.location)

  await center.kill()
  // Otherwise it was killed too late, and the test would show nothing.
  expect((await center.desk.status()).packsUnderWay).toBe(1)
  const leftovers = readdirSync(join(center.folder, 'instances'), { recursive: true }).length
  await center.open()
  const answer = await agent.answered(location)

  expect(answer).toEqual({
    state: 'answered',
    members: files.map((file) => ({ ulid: file.envelope.ulid, state: 'stored' })),
  })
  expect(await center.desk.status()).toMatchObject({ instances: 400, held: 0, packsUnderWay: 0 })
  const stored = filesInRegister(center, envelope.studyInstanceUid)
  expect(stored.map(sha256).toSorted()).toEqual(files.map((file) => sha256(file.part10)).toSorted())
  expect(leftovers).toBeLessThan(410)
})

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

/** Returns the content of the files that the register names for a study. */
function filesInRegister(center: RunningCenter, study: string): Buffer[] {
  const db = sqliteDriver().open(join(center.folder, 'register.sqlite'), { access: 'read' })
  const rows = db.prepare('SELECT file FROM instances WHERE study_uid = ?').all(study) as SqlRow[]
  db.close()
  return rows.map((row) => readFileSync(join(center.folder, 'instances', String(row['file']))))
}
