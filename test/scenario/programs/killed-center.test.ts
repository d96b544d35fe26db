import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { filesInRegister } from '../../support/centers/files-in-register.ts'
import { RunningCenter } from '../../support/centers/running-center.ts'
import { newUid, packOf, sha256, spoolFile } from '../../support/instances/spool-file-fixture.ts'

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
