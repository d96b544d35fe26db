import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { CommitmentReports, type SendReport } from '../../../src/agent/settle/report-commitment.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { until } from '../../support/clocks/until.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { newUid, sealInstance, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const MR = '1.2.840.10008.5.1.4.1.1.4'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SETTINGS = { arrivalMs: HOUR_MS, receiptMs: 3 * DAY_MS, reportMs: 7 * DAY_MS }

interface Desk extends AsyncDisposable {
  queue: Queue
  clock: ManualClock
  reports: CommitmentReports
  /** Outcomes of each report that left, by SOP Instance UID. */
  sent: Record<string, number>[]
  attempts: () => number
  /** Sets the behaviour of the device from now on. */
  answer: (send: () => Promise<void>) => void
  /** Time passes, and whatever it sets off has happened. */
  pass: (ms: number) => Promise<void>
}

const taking = (): Promise<void> => Promise.resolve()

/** Whatever was set off has happened, as far as no clock is waited for. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await setImmediate()
}

async function openDesk(): Promise<Desk> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const clock = new ManualClock()
  const queue = stack.use(await openQueue(folder.path, clock, ['center']))
  const sent: Record<string, number>[] = []
  let tried = 0
  let device = taking
  const send: SendReport = async (_, references) => {
    tried++
    await device()
    sent.push(Object.fromEntries(references.map(({ sopInstanceUid, outcome }) => [sopInstanceUid, outcome])))
  }
  const { commitments, alarms } = queue
  const reports = new CommitmentReports({
    commitments,
    settings: SETTINGS,
    send,
    alarms,
    clock,
    log: silentLog,
  })
  const stop = new AbortController()
  const running = reports.run(stop.signal)
  stack.defer(async () => {
    stop.abort(new Error('over'))
    await running
  })
  return {
    queue,
    clock,
    reports,
    sent,
    attempts: () => tried,
    answer: (next) => void (device = next),
    pass: async (ms) => {
      clock.advance(ms)
      reports.wake()
      await settled()
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function take(queue: Queue, studyInstanceUid = '1.1', sopInstanceUid = newUid()): Promise<string> {
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid, sopInstanceUid }))
  return sopInstanceUid
}

/** All that waits is sent, and the center's receipt says that it is there. */
function confirmAll(queue: Queue, studyInstanceUid = '1.1'): void {
  const pack = queue.packs.formNext('center', { bytes: 1e6, members: 10 })
  const ulids: Ulid[] = pack?.header.members.map(({ ulid }) => ulid) ?? []
  const outcomes = ulids.map((ulid) => ({ ulid, outcome: 'delivered' as const }))
  queue.packs.settle('center', pack?.header.pack ?? '', outcomes)
  closeByHand(queue, studyInstanceUid, `digest ${studyInstanceUid}`)
  const manifest = queue.studies
    .manifestsDue('center')
    .find((one) => one.studyInstanceUid === studyInstanceUid)
  queue.studies.confirm('center', manifest as never, BELIEVED, ulids, {
    at: Date.now(),
    keptFrom: Date.now(),
    pacs: 'none',
    pacsDueAt: 0,
  })
}

function ask(
  queue: Queue,
  instances: readonly string[],
  transactionUid = newUid(),
  sopClassUid = CT,
): number | undefined {
  return queue.commitments.record({
    callingAeTitle: 'CT1',
    calledAeTitle: 'FERRY',
    peerAddress: '10.0.0.1',
    transactionUid,
    references: instances.map((sopInstanceUid) => ({ sopClassUid, sopInstanceUid })),
  })
}

test('success is reported after the receipt and not before, however long the center has called it stored', async () => {
  await using desk = await openDesk()
  const { queue, sent } = desk
  const uid = await take(queue)
  ask(queue, [uid])
  await desk.pass(2 * DAY_MS)
  expect(sent).toEqual([])
  confirmAll(queue)
  await desk.pass(0)
  expect(sent).toEqual([{ [uid]: 0 }])
  expect(await queue.commitments.list(10)).toMatchObject([{ state: 'reported', instances: 1, committed: 1 }])
  await desk.pass(DAY_MS)
  expect(sent).toHaveLength(1)
})

test('an instance that retention has removed is still safe', async () => {
  await using desk = await openDesk()
  const uid = await take(desk.queue)
  confirmAll(desk.queue)
  desk.queue.retained.markRemoved(desk.queue.retained.due(Date.now() + DAY_MS, 10))
  expect(desk.queue.index.presentAfter('', 1)).toEqual([])
  ask(desk.queue, [uid])
  await desk.pass(0)
  expect(desk.sent).toEqual([{ [uid]: 0 }])
})

test('an instance that never came is reported as not here after its patience, with the rest as committed', async () => {
  await using desk = await openDesk()
  const here = await take(desk.queue)
  confirmAll(desk.queue)
  const missing = newUid()
  ask(desk.queue, [here, missing])
  await desk.pass(HOUR_MS - 1)
  expect(desk.sent).toEqual([])
  await desk.pass(1)
  expect(desk.sent).toEqual([{ [here]: 0, [missing]: 0x0112 }])
})

test('an instance that comes after it was asked about is waited for', async () => {
  await using desk = await openDesk()
  const uid = newUid()
  ask(desk.queue, [uid])
  await desk.pass(HOUR_MS / 2)
  await take(desk.queue, '1.1', uid)
  confirmAll(desk.queue)
  await desk.pass(0)
  expect(desk.sent).toEqual([{ [uid]: 0 }])
})

test('an instance without a receipt at the end of patience is reported as failed', async () => {
  await using desk = await openDesk()
  const uid = await take(desk.queue)
  ask(desk.queue, [uid])
  await desk.pass(3 * DAY_MS - 1)
  expect(desk.sent).toEqual([])
  await desk.pass(1)
  expect(desk.sent).toEqual([{ [uid]: 0x0110 }])
})

test('both of two versions under one UID must be safe', async () => {
  await using desk = await openDesk()
  const uid = await take(desk.queue)
  confirmAll(desk.queue)
  await take(desk.queue, '1.2', uid)
  ask(desk.queue, [uid])
  await desk.pass(DAY_MS)
  expect(desk.sent).toEqual([])
  confirmAll(desk.queue, '1.2')
  await desk.pass(0)
  expect(desk.sent).toEqual([{ [uid]: 0 }])
})

test('a copy without identity counts for no commitment, even if it kept its UID', async () => {
  await using desk = await openDesk()
  const { queue } = desk
  const { envelope, trailer } = sealInstance({ studyInstanceUid: '1.1' })
  queue.index.insert([{ envelope: { ...envelope, policy: 'deidentified:teaching' }, trailer }])
  confirmAll(queue)
  ask(queue, [envelope.sopInstanceUid])
  await desk.pass(HOUR_MS)
  expect(desk.sent).toEqual([{ [envelope.sopInstanceUid]: 0x0112 }])
})

test('another SOP class than that of the instance, and a class that stores nothing, are failures at once', async () => {
  await using desk = await openDesk()
  const uid = await take(desk.queue)
  ask(desk.queue, [uid], newUid(), MR)
  ask(desk.queue, ['1.2.3'], newUid(), '1.2.840.10008.5.1.4.31')
  await desk.pass(0)
  expect(desk.sent).toEqual([{ [uid]: 0x0119 }, { '1.2.3': 0x0122 }])
})

test('a report that does not get there is tried with growing pauses, alarmed, and given up at last', async () => {
  await using desk = await openDesk()
  const { queue } = desk
  const uid = await take(queue)
  confirmAll(queue)
  desk.answer(() => Promise.reject(new Failure('ASSOCIATION_FAILED', 'connecting: refused')))
  ask(queue, [uid])
  await desk.pass(0)
  expect(await queue.commitments.list(1)).toMatchObject([
    { state: 'open', attempts: 1, reason: 'connecting: refused' },
  ])
  await desk.pass(4000)
  expect(desk.attempts()).toBe(1)
  await desk.pass(6000)
  expect(desk.attempts()).toBe(2)
  expect(queue.alarms.list()).toEqual([])
  await desk.pass(HOUR_MS)
  expect(queue.alarms.list()).toMatchObject([{ code: 'COMMITMENT_UNREPORTED', subject: 'CT1' }])
  await desk.pass(7 * DAY_MS)
  expect(await queue.commitments.list(1)).toMatchObject([{ state: 'abandoned', committed: 1 }])
  const before = desk.attempts()
  await desk.pass(DAY_MS)
  expect(desk.attempts()).toBe(before)

  desk.answer(taking)
  expect(queue.commitments.retry()).toBe(1)
  await desk.pass(0)
  expect(desk.sent).toEqual([{ [uid]: 0 }])
  expect(queue.alarms.list()).toEqual([])
})

test('a device whose address is not set is an alarm at once', async () => {
  await using desk = await openDesk()
  desk.answer(() => Promise.reject(new Failure('COMMITMENT_UNREPORTED', 'nobody has said where it listens')))
  const uid = await take(desk.queue)
  confirmAll(desk.queue)
  ask(desk.queue, [uid])
  await desk.pass(0)
  expect(desk.queue.alarms.list()).toMatchObject([{ message: 'nobody has said where it listens' }])
})

test('an instance that the center loses before the report leaves is not reported as safe', async () => {
  await using desk = await openDesk()
  const { queue } = desk
  const uid = await take(queue)
  confirmAll(queue)
  desk.answer(() => Promise.reject(new Failure('ASSOCIATION_FAILED', 'connecting: refused')))
  ask(queue, [uid])
  await desk.pass(0)
  expect(desk.attempts()).toBe(1)
  queue.receipted.offerAgain('center', [{ studyInstanceUid: '1.1', digest: 'digest 1.1' }])
  desk.answer(taking)
  await desk.pass(HOUR_MS)
  expect(desk.sent).toEqual([])
})

test('the same request again is reported again; the transaction with other instances is refused', async () => {
  await using desk = await openDesk()
  const uid = await take(desk.queue)
  confirmAll(desk.queue)
  const first = ask(desk.queue, [uid], '1.2.3.99')
  await desk.pass(0)
  expect(ask(desk.queue, [uid], '1.2.3.99')).toBe(first)
  await desk.pass(0)
  expect(desk.sent).toEqual([{ [uid]: 0 }, { [uid]: 0 }])
  expect(ask(desk.queue, ['1.2.3'], '1.2.3.99')).toBeUndefined()
})

test('a device that does not answer holds up no other', async () => {
  await using desk = await openDesk()
  const { queue } = desk
  const uid = await take(queue)
  confirmAll(queue)
  const stuck = Promise.withResolvers<void>()
  desk.answer(() => stuck.promise)
  ask(queue, [uid])
  await desk.pass(0)
  desk.answer(taking)
  const references = [{ sopClassUid: CT, sopInstanceUid: uid }]
  const other = { callingAeTitle: 'MR1', calledAeTitle: 'FERRY', peerAddress: '10.0.0.2', references }
  queue.commitments.record({ ...other, transactionUid: newUid() })
  await desk.pass(0)
  expect(desk.sent).toEqual([{ [uid]: 0 }])
  stuck.resolve()
  await until(
    () => desk.sent.length,
    (count) => count === 2,
  )
})
