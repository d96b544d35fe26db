import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import type { MemberOutcome, PackRecord } from '../../../src/agent/queue/packs.ts'
import type { Destination } from '../../../src/agent/send/destination.ts'
import { Dispatcher } from '../../../src/agent/send/dispatcher.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { passTimersUntil } from '../../support/clocks/pass-time.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** Takes every pack, but for what a test says. */
class TestDestination implements Destination {
  readonly name = 'center'
  isDown = false
  refusedStudy = ''
  refusal = new Failure('CENTER_REFUSED', 'the center answers POST with HTTP status 400')
  probes = 0
  tries = 0
  readonly delivered: string[] = []

  async deliver({ header }: PackRecord): Promise<MemberOutcome[]> {
    this.tries++
    if (this.isDown) throw new Failure('CENTER_UNREACHABLE', 'connecting: ECONNREFUSED')
    if (header.study === this.refusedStudy) throw this.refusal
    this.delivered.push(header.study)
    return header.members.map(({ ulid }) => ({ ulid, outcome: 'delivered' }))
  }

  async probe(): Promise<void> {
    this.probes++
    if (this.isDown) throw new Failure('CENTER_UNREACHABLE', 'connecting: ECONNREFUSED')
  }
}

interface Running extends AsyncDisposable {
  queue: Queue
  clock: ManualClock
  destination: TestDestination
  dispatcher: Dispatcher
}

/** A dispatcher over a queue with one instance of each study; the clock stops until `advance`. */
async function start(studies: string[], destination: TestDestination): Promise<Running> {
  const folder = tempFolder()
  const clock = new ManualClock(Date.now())
  const queue = await openQueue(folder.path, clock, ['center'])
  for (const studyInstanceUid of studies) {
    await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid }))
  }
  const dispatcher = new Dispatcher({
    destination,
    packs: queue.packs,
    deliveries: queue.deliveries,
    destinationTrouble: queue.destinationTrouble,
    failedRequests: queue.failedRequests,
    clock,
    log: silentLog,
    limits: { bytes: 1e6, members: 10 },
    uploads: 1,
    hints: { delivered: () => {} },
  })
  const stop = new AbortController()
  const run = dispatcher.run(stop.signal)
  return {
    queue,
    clock,
    destination,
    dispatcher,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await run
      queue[Symbol.dispose]()
      folder[Symbol.dispose]()
    },
  }
}

/** Lets time pass in small steps until something has come true. */
const passTimeUntil = (clock: ManualClock, isDone: () => boolean): Promise<void> =>
  passTimersUntil(clock, isDone, 1000)

test('an instance that waits for an absent center says why and until when, and goes on by itself when the center is back', async () => {
  const destination = new TestDestination()
  destination.isDown = true
  await using running = await start(['1.1'], destination)
  const { queue, clock } = running
  await passTimeUntil(clock, () => destination.probes >= 5)
  expect(queue.destinationTrouble.of('center')).toMatchObject({ reasonCode: 'CENTER_UNREACHABLE' })
  expect(queue.destinationTrouble.of('center')?.nextAttemptAt).toBeGreaterThan(clock.now())
  expect(queue.deliveries.unconfirmed('center', 10)).toMatchObject([
    { state: 'sending', reasonCode: 'CENTER_UNREACHABLE' },
  ])
  destination.isDown = false
  await passTimeUntil(clock, () => destination.delivered.length === 1)
  expect(queue.destinationTrouble.of('center')).toBeUndefined()
  expect(queue.deliveries.unconfirmed('center', 10)).toMatchObject([{ state: 'delivered', reason: null }])
})

test('a pack that the destination always turns away holds up no other and shows its reason', async () => {
  const destination = new TestDestination()
  destination.refusedStudy = '1.1'
  await using running = await start(['1.1', '1.2', '1.3'], destination)
  const { queue, clock } = running
  await passTimeUntil(clock, () => destination.delivered.length === 2)
  expect(destination.delivered.toSorted()).toEqual(['1.2', '1.3'])
  expect(queue.deliveries.ofStudy('center', '1.1')).toMatchObject([
    { state: 'sending', reasonCode: 'CENTER_REFUSED' },
  ])
})

test('a pack that can never go is held for an operator, and goes again on his word', async () => {
  const destination = new TestDestination()
  destination.refusedStudy = '1.1'
  destination.refusal = new Failure('PACK_INVALID', 'reading a pack: version 9')
  await using running = await start(['1.1', '1.2'], destination)
  const { queue, clock, dispatcher } = running
  await passTimeUntil(clock, () => destination.tries === 2)
  await passTimeUntil(clock, () => queue.deliveries.ofStudy('center', '1.1')[0]?.state === 'held')
  expect(destination.delivered).toEqual(['1.2'])
  expect(queue.deliveries.ofStudy('center', '1.1')).toMatchObject([
    { state: 'held', reasonCode: 'PACK_INVALID' },
  ])
  destination.refusedStudy = ''
  queue.deliveries.retry('center')
  dispatcher.wake()
  await passTimeUntil(clock, () => destination.delivered.includes('1.1'))
})

test('a database that cannot be written for a while ends nothing: waiting instances go on when it can, and go once', async () => {
  const destination = new TestDestination()
  destination.refusedStudy = '1.1'
  await using running = await start(['1.1'], destination)
  const { queue, clock } = running
  const postpone = queue.packs.postpone.bind(queue.packs)
  queue.packs.postpone = () => {
    throw new Failure('STORAGE_FULL', 'using the database: SQLITE_FULL')
  }
  const triesBefore = destination.tries
  await passTimeUntil(clock, () => destination.tries > triesBefore + 2)
  queue.packs.postpone = postpone
  destination.refusedStudy = ''
  await passTimeUntil(clock, () => destination.delivered.length > 0)
  let looks = 0
  await passTimeUntil(clock, () => ++looks > 5)
  expect(destination.delivered).toEqual(['1.1'])
})
