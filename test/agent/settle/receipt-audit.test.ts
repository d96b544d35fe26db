import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { type CenterMemory, ReceiptAudit } from '../../../src/agent/settle/receipt-audit.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import type { ReceiptLink, ReceiptsRequest } from '../../../src/protocol/center-api.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../../support/clocks/pass-time.ts'
import { until } from '../../support/clocks/until.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

/** A center's receipts to one agent: they can be copied, and put back. */
class Memory {
  losses: number | null = 0
  failure: Failure | undefined
  receipts: ReceiptLink[] = []
  manifests = new Set<string>()
  /** How often it was asked for all manifests. */
  compared = 0
  #made = 0

  nextManifest(): string {
    return `manifest ${++this.#made}`
  }

  give(manifest: string): { jws: string; counter: number; digest: string; previous: string | null } {
    const before = this.receipts.at(-1)
    const digest = `receipt ${++this.#made}`
    const link = { counter: (before?.counter ?? 0) + 1, digest }
    this.receipts.push(link)
    this.manifests.add(manifest)
    return { ...link, jws: digest, previous: before?.digest ?? null }
  }

  copy(): () => void {
    const [receipts, manifests] = [[...this.receipts], new Set(this.manifests)]
    return () => {
      this.receipts = [...receipts]
      this.manifests = new Set(manifests)
    }
  }

  async askAgent(): Promise<CenterMemory> {
    if (this.failure !== undefined) throw this.failure
    return { chain: this.receipts.at(-1) ?? null, losses: this.losses }
  }

  async askUnknown({ manifests, receipts }: ReceiptsRequest): Promise<string[]> {
    if (manifests.length > 0) this.compared++
    return [
      ...manifests.filter((digest) => !this.manifests.has(digest)),
      ...receipts.filter((digest) => !this.receipts.some((known) => known.digest === digest)),
    ]
  }
}

interface Auditing extends AsyncDisposable {
  queue: Queue
  clock: ManualClock
  memory: Memory
  audit: ReceiptAudit
  troubles: string[]
  alarms: () => { code: string; message: string }[]
}

/** An audit that runs over a queue with one confirmed study. */
async function start(): Promise<Auditing> {
  const folder = tempFolder()
  const clock = new ManualClock()
  const queue = await openQueue(folder.path, clock, ['center'])
  const memory = new Memory()
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: '1.1' }))
  confirm(queue, clock, memory)
  const troubles: string[] = []
  const audit = new ReceiptAudit({
    destination: 'center',
    receipted: queue.receipted,
    receiptChain: queue.receiptChain,
    alarms: queue.alarms,
    failedRequests: queue.failedRequests,
    questions: memory,
    hints: { offered: () => {}, inTrouble: ({ code }) => void troubles.push(code) },
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
    alarms: () => queue.alarms.list(),
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await run
      queue[Symbol.dispose]()
      folder[Symbol.dispose]()
    },
  }
}

/** Closes the study 1.1 once more and confirms it by the center's next receipt. Returns false if that follows none. */
function confirm(queue: Queue, clock: ManualClock, memory: Memory): boolean {
  const pack = queue.packs.formNext('center', { bytes: 1e6, members: 10 })
  for (const { ulid } of pack?.header.members ?? [])
    queue.packs.settle('center', pack?.header.pack ?? '', [{ ulid, outcome: 'delivered' }])
  const digest = memory.nextManifest()
  closeByHand(queue, '1.1', digest)
  const [manifest] = queue.studies.manifestsDue('center')
  const ulids = queue.deliveries.ofStudy('center', '1.1').map(({ ulid }) => ulid)
  return queue.studies.confirm('center', manifest as never, memory.give(digest), ulids, {
    at: clock.now(),
    keptFrom: clock.now(),
    pacs: 'none',
    pacsDueAt: 0,
  })
}

const signal = new AbortController().signal

/** Lets the audit run as often as it does in some ten minutes. */
async function passAudits({ clock }: Auditing): Promise<void> {
  const end = clock.now() + 600_000
  await passTimeUntil(
    clock,
    () => clock.now(),
    (now) => now >= end,
    30_000,
  )
}

test('a center whose newest receipt is the one that is known here is whole, and is compared with once, at the start', async () => {
  await using auditing = await start()
  await passAudits(auditing)
  expect(await auditing.audit.isWhole(signal)).toBe(true)
  expect(auditing.memory.compared).toBe(1)
  expect(confirm(auditing.queue, auditing.clock, auditing.memory)).toBe(true)
  expect(await auditing.audit.isWhole(signal)).toBe(true)
})

test('a center that went back is found out at once, and is behind until it has given a new receipt', async () => {
  await using auditing = await start()
  const { clock, memory, audit, queue, alarms } = auditing
  await passAudits(auditing)
  memory.receipts = []
  memory.manifests.clear()
  expect(await audit.isWhole(signal)).toBe(false)
  await passTimeUntil(clock, alarms, (all) => all.length === 1, 60_000)
  expect(alarms()).toMatchObject([
    { code: 'CENTER_BEHIND', message: expect.stringContaining('lost 1 study that') },
  ])
  expect(await audit.isWhole(signal)).toBe(false)
  expect(queue.deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 0 })

  expect(confirm(queue, clock, memory)).toBe(false)
  audit.wake()
  await passTimeUntil(clock, alarms, (all) => all.length === 0, 1000)
  expect(await audit.isWhole(signal)).toBe(true)
  expect(queue.receiptChain.ends('center')).toEqual(memory.receipts)
})

/** A way back in time, after which the receipt of `lost` is not at the center any more. */
const waysBack: [string, (auditing: Auditing, lose: () => void) => void][] = [
  ['is put back to its backup', (_, lose) => lose()],
  [
    'is put back and has given as many receipts since',
    ({ memory }, lose) => {
      lose()
      memory.give('to the same agent, whose answer was lost')
    },
  ],
  [
    'is put back and has given more receipts than before',
    ({ memory }, lose) => {
      lose()
      for (const n of [1, 2, 3]) memory.give(`another ${n}`)
    },
  ],
  [
    'is put back, and gives receipts that arrive here',
    ({ memory, queue, clock }, lose) => {
      lose()
      expect(confirm(queue, clock, memory)).toBe(false)
      expect(confirm(queue, clock, memory)).toBe(true)
      expect(confirm(queue, clock, memory)).toBe(true)
      // Otherwise the newest of these would prove the study, and nothing of it would be lost.
      memory.manifests.delete(Array.from(memory.manifests).at(-1) ?? '')
    },
  ],
  [
    'is put back, gives receipts, and is put forward again to what it was before',
    ({ memory, queue, clock }, lose) => {
      const forward = memory.copy()
      lose()
      confirm(queue, clock, memory)
      forward()
    },
  ],
  [
    'is put back, gives receipts, and is put back again',
    ({ memory, queue, clock }, lose) => {
      lose()
      const again = memory.copy()
      confirm(queue, clock, memory)
      again()
    },
  ],
]

test.each(waysBack)('a center that %s is found out, and nothing may be removed', async (_, goBack) => {
  await using auditing = await start()
  const { memory, queue, clock, audit, alarms } = auditing
  await passAudits(auditing)
  const lose = memory.copy()
  expect(confirm(queue, clock, memory)).toBe(true)
  expect(await audit.isWhole(signal)).toBe(true)

  goBack(auditing, lose)

  expect(await audit.isWhole(signal)).toBe(false)
  await passTimeUntil(clock, alarms, (all) => all.length === 1, 30_000)
  expect(memory.compared).toBeGreaterThan(1)
  expect(await audit.isWhole(signal)).toBe(false)
  expect(queue.deliveries.counts('center').delivered).toBe(1)
})

test('answers that were lost on the way raise no alarm: the center has gone further, and its newest receipt is taken', async () => {
  await using auditing = await start()
  const { memory, queue, clock, audit, alarms } = auditing
  await passAudits(auditing)
  memory.give('whose answer was lost')
  memory.give('and another')
  expect(await audit.isWhole(signal)).toBe(true)
  expect(confirm(queue, clock, memory)).toBe(false)
  expect(await audit.isWhole(signal)).toBe(true)
  audit.wake()
  await passTimeUntil(
    clock,
    () => queue.receiptChain.ends('center'),
    (ends) => ends.length === 1,
    1000,
  )
  expect(queue.receiptChain.ends('center')).toEqual([memory.receipts.at(-1)])
  expect([memory.compared, alarms()]).toEqual([1, []])
})

test('an agent that lost its index takes the center’s newest receipt, and notices from then on if it is gone', async () => {
  await using auditing = await start()
  const { memory, queue, clock, audit } = auditing
  queue.receiptChain.adopt('center', queue.receiptChain.ends('center'), null)
  expect(await audit.isWhole(signal)).toBe(false)
  audit.wake()
  await passTimeUntil(
    clock,
    () => queue.receiptChain.ends('center').length,
    (ends) => ends === 1,
    60_000,
  )
  expect(memory.compared).toBe(2)
  expect(await audit.isWhole(signal)).toBe(true)
  memory.receipts = []
  expect(await audit.isWhole(signal)).toBe(false)
})

test('a center that cannot be asked is not whole, and the trouble is told', async () => {
  await using auditing = await start()
  const { clock, memory, audit, troubles } = auditing
  await passAudits(auditing)
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
    () => memory.compared,
    (compared) => compared === 1,
  )
  memory.losses = null
  expect(await audit.isWhole(signal)).toBe(false)
  clock.advance(3_600_000)
  expect([memory.compared, queue.deliveries.counts('center').confirmed]).toEqual([1, 1])
  memory.losses = 0
  expect(await audit.isWhole(signal)).toBe(true)

  memory.losses = 1
  memory.manifests.clear()
  expect(await audit.isWhole(signal)).toBe(false)
  const alarms = () => queue.alarms.list()
  await passTimeUntil(clock, alarms, (all) => all.length === 1, 60_000)
  expect(alarms()).toMatchObject([{ code: 'CENTER_BEHIND' }])
  expect(queue.deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 0 })
})

test('an instance that was lost on both sides is asked for again when the center has found something, and only then', async () => {
  await using auditing = await start()
  const { clock, memory, audit, queue } = auditing
  await passTimeUntil(
    clock,
    () => memory.compared,
    (compared) => compared === 1,
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
