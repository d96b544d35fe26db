import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { type CenterMemory, ReceiptAudit } from '../../../src/agent/settle/receipt-audit.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { passTimeUntil } from '../../support/pass-time.ts'
import { spoolInstance } from '../../support/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { until } from '../../support/until.ts'

/** A center that says what a test wants it to remember. */
class Memory {
  history = 'first'
  losses: number | null = 0
  failure: Failure | undefined
  readonly known = new Set<string>()
  asked = 0

  async askMemory(): Promise<CenterMemory> {
    if (this.failure !== undefined) throw this.failure
    return { history: this.history, losses: this.losses }
  }

  async askUnknown(digests: string[]): Promise<string[]> {
    this.asked++
    return digests.filter((digest) => !this.known.has(digest))
  }
}

interface Auditing extends AsyncDisposable {
  queue: Queue
  clock: ManualClock
  memory: Memory
  audit: ReceiptAudit
  troubles: string[]
}

/** An audit that runs over a queue with one confirmed study, whose receipt the center knows. */
async function start(): Promise<Auditing> {
  const folder = tempFolder()
  const clock = new ManualClock()
  const queue = await openQueue(folder.path, clock, ['center'])
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: '1.1' }))
  confirm(queue, clock, 1)
  const memory = new Memory()
  memory.known.add('digest 1')
  const troubles: string[] = []
  const audit = new ReceiptAudit({
    destination: 'center',
    receipted: queue.receipted,
    watchPoints: queue.watchPoints,
    askMemory: () => memory.askMemory(),
    askUnknown: (digests) => memory.askUnknown(digests),
    offered: () => {},
    inTrouble: ({ code }) => troubles.push(code),
    clock,
    log: silentLog,
  })
  const stop = new AbortController()
  const run = audit.run(stop.signal)
  return {
    queue,
    clock,
    memory,
    audit,
    troubles,
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await run
      queue[Symbol.dispose]()
      folder[Symbol.dispose]()
    },
  }
}

function confirm(queue: Queue, clock: ManualClock, version: number): void {
  const pack = queue.packs.formNext('center', { bytes: 1e6, members: 10 })
  for (const { ulid } of pack?.header.members ?? [])
    queue.packs.settle('center', pack?.header.pack ?? '', [{ ulid, outcome: 'delivered' }])
  queue.studies.close('center', '1.1', version, `digest ${version}`, 'jws')
  const [manifest] = queue.studies.manifestsDue('center')
  const ulids = queue.deliveries.ofStudy('center', '1.1').map(({ ulid }) => ulid)
  queue.studies.confirm('center', manifest as never, 'receipt', ulids, {
    at: clock.now(),
    pacs: 'none',
    pacsDueAt: 0,
  })
}

const signal = new AbortController().signal

test('a center is whole once it has known every receipt, and is not asked again while it stays the same', async () => {
  await using auditing = await start()
  const { clock, memory, audit } = auditing
  expect(await audit.isWhole(signal)).toBe(false)
  await passTimeUntil(
    clock,
    () => memory.asked,
    (asked) => asked === 1,
  )
  expect(await audit.isWhole(signal)).toBe(true)
  clock.advance(3_600_000)
  memory.history = 'second'
  expect(await audit.isWhole(signal)).toBe(false)
  await passTimeUntil(
    clock,
    () => memory.asked,
    (asked) => asked === 2,
    60_000,
  )
  expect(await audit.isWhole(signal)).toBe(true)
})

test('a center that does not know a receipt is behind until it has given a new one, and is asked more often', async () => {
  await using auditing = await start()
  const { clock, memory, audit, queue } = auditing
  memory.known.clear()
  memory.history = 'older'
  const alarms = () => queue.watchPoints.alarms()
  await passTimeUntil(clock, alarms, (all) => all.length === 1, 60_000)
  expect(alarms()).toMatchObject([
    { code: 'CENTER_BEHIND', message: expect.stringContaining('lost 1 study that') },
  ])
  expect(await audit.isWhole(signal)).toBe(false)
  expect(queue.deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 0 })

  confirm(queue, clock, 2)
  memory.known.add('digest 2')
  const [asked, at] = [memory.asked, clock.monotonicMs()]
  await passTimeUntil(clock, alarms, (all) => all.length === 0, 1000)
  expect(memory.asked).toBe(asked + 1)
  expect(clock.monotonicMs() - at).toBeLessThanOrEqual(61_000)
  expect(await audit.isWhole(signal)).toBe(true)
})

test('a center that cannot be asked is not whole, and the trouble is told', async () => {
  await using auditing = await start()
  const { clock, memory, audit, troubles } = auditing
  await passTimeUntil(
    clock,
    () => memory.asked,
    (asked) => asked === 1,
  )
  memory.failure = new Failure('AGENT_UNKNOWN', 'who are you')
  expect(await audit.isWhole(signal)).toBe(false)
  await passTimeUntil(
    clock,
    () => troubles,
    (all) => all.length > 0,
    60_000,
  )
  expect(troubles[0]).toBe('AGENT_UNKNOWN')
})

test('a center that has found losses is asked again, and one that cannot look at its store is not whole', async () => {
  await using auditing = await start()
  const { clock, memory, audit, queue } = auditing
  await passTimeUntil(
    clock,
    () => memory.asked,
    (asked) => asked === 1,
  )
  memory.losses = null
  expect(await audit.isWhole(signal)).toBe(false)
  clock.advance(3_600_000)
  expect([memory.asked, queue.deliveries.counts('center').confirmed]).toEqual([1, 1])
  memory.losses = 0
  expect(await audit.isWhole(signal)).toBe(true)

  memory.losses = 1
  memory.known.clear()
  expect(await audit.isWhole(signal)).toBe(false)
  const alarms = () => queue.watchPoints.alarms()
  await passTimeUntil(clock, alarms, (all) => all.length === 1, 60_000)
  expect(alarms()).toMatchObject([{ code: 'CENTER_BEHIND' }])
  expect(queue.deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 0 })
})

test('what was lost on both sides is asked for again when the center has found something, and only then', async () => {
  await using auditing = await start()
  const { clock, memory, audit, queue } = auditing
  await passTimeUntil(
    clock,
    () => memory.asked,
    (asked) => asked === 1,
  )
  await until(
    () => audit.isWhole(signal),
    (isWhole) => isWhole,
  )
  const [delivery] = queue.deliveries.ofStudy('center', '1.1')
  const ulid = delivery?.ulid ?? ('' as never)
  queue.retained.markRemoved([ulid])
  const lost = new Failure('CENTER_LOST', 'lost')
  queue.receipted.sendAgain('center', '1.1', [ulid], { failure: lost, nextAttemptAt: 0, lost })
  clock.advance(3_600_000)
  expect(await audit.isWhole(signal)).toBe(true)
  expect(queue.deliveries.counts('center')).toMatchObject({ delivered: 0, held: 1 })

  memory.losses = 1
  await passTimeUntil(
    clock,
    () => queue.deliveries.counts('center'),
    ({ delivered }) => delivered === 1,
    60_000,
  )
})
