import { expect, test } from '@jest/globals'
import { FailedRequests } from '../../../src/agent/queue/failed-requests.ts'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { Database } from '../../../src/platform/sqlite.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const CENTER = 'center'
const BUSY = new Failure('CENTER_BUSY', 'the center answers POST /v1/manifests with HTTP status 507')
const LIMIT = new Failure('CENTER_LIMIT', "the study's list is too long for the center")

/** A study whose instance is at the center; it is closed by a manifest. */
async function closed(queue: Queue, study: string): Promise<void> {
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: study }))
  const { pack = '', members = [] } = queue.packs.formNext(CENTER, { bytes: 1e6, members: 10 })?.header ?? {}
  const outcomes = members.map(({ ulid }) => ({ ulid, outcome: 'delivered' as const }))
  queue.packs.settle(CENTER, pack, outcomes)
  closeByHand(queue, study, `digest of ${study}`)
}

test('requests that fail alike are one group with the first time, the next attempt and its number', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, [CENTER])
  const { failedRequests } = queue
  for (const study of ['1.1', '1.2', '1.3']) await closed(queue, study)
  const start = clock.now()
  failedRequests.failed('receipt', '1.1', BUSY, start + 9000)
  clock.advance(1000)
  failedRequests.failed('receipt', '1.2', BUSY, start + 2000)
  failedRequests.failed('receipt', '1.2', BUSY, start + 4000)
  failedRequests.failed('receipt', '1.3', LIMIT, start + 3000)
  const busy = { kind: 'receipt', reasonCode: 'CENTER_BUSY', reason: BUSY.message }
  const limit = { kind: 'receipt', reasonCode: 'CENTER_LIMIT', reason: LIMIT.message }
  expect(failedRequests.groups(CENTER)).toEqual([
    { ...busy, count: 2, since: start, attempts: 2, nextAttemptAt: start + 4000 },
    { ...limit, count: 1, since: start + 1000, attempts: 1, nextAttemptAt: start + 3000 },
  ])
  failedRequests.succeeded('receipt', '1.2')
  expect(failedRequests.groups(CENTER)[0]).toMatchObject({
    count: 1,
    attempts: 1,
    nextAttemptAt: start + 9000,
  })
})

test('a request that has an alarm is shown there, with its next attempt, and not again in a group', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, [CENTER])
  const { failedRequests, alarms } = queue
  await closed(queue, '1.1')
  failedRequests.failed('receipt', '1.1', LIMIT, clock.now() + 1000)
  alarms.raise('CENTER_LIMIT', '1.1', LIMIT.message)
  expect(failedRequests.groups(CENTER)).toEqual([])
  const [alarm] = alarms.list()
  expect(failedRequests.ofAlarm(CENTER, alarm ?? { code: '', subject: '' })).toEqual({
    kind: 'receipt',
    attempts: 1,
    nextAttemptAt: clock.now() + 1000,
  })
  expect(failedRequests.ofAlarm(CENTER, { code: 'CENTER_LIMIT', subject: '1.2' })).toBeUndefined()
})

test('a study that is open again is not said to wait for its receipt, and since when is known once it is closed', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, [CENTER])
  const { failedRequests } = queue
  await closed(queue, '1.1')
  const since = clock.now()
  failedRequests.failed('receipt', '1.1', BUSY, since)
  failedRequests.failed('pacs', '1.1', BUSY, since)
  failedRequests.failed('pack', '1.1', BUSY, since)
  expect(failedRequests.groups(CENTER).map(({ kind }) => kind)).toEqual(['receipt'])
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: '1.1' }))
  expect(failedRequests.groups(CENTER)).toEqual([])
  clock.advance(60_000)
  const { pack = '', members = [] } = queue.packs.formNext(CENTER, { bytes: 1e6, members: 10 })?.header ?? {}
  expect(failedRequests.groups(CENTER).map(({ kind }) => kind)).toEqual(['pack'])
  queue.packs.settle(
    CENTER,
    pack,
    members.map(({ ulid }) => ({ ulid, outcome: 'delivered' as const })),
  )
  closeByHand(queue, '1.1', 'digest of more')
  expect(failedRequests.groups(CENTER)).toMatchObject([{ kind: 'receipt', since }])
})

test('a failure of an earlier start ends with the first success after it', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, [CENTER])
  queue.failedRequests.failed('holdings', '/v1/holdings', BUSY, clock.now())
  using open = new DisposableStack()
  const schema = 'src/agent/queue/schema'
  const database = open.adopt(Database.open(folder.join('queue.sqlite'), schema), (it) => it.close())
  const later = new FailedRequests(database, clock)
  expect(later.groups(CENTER)).toMatchObject([{ kind: 'holdings', count: 1 }])
  later.succeeded('holdings', '/v1/holdings')
  expect(later.groups(CENTER)).toEqual([])
})
