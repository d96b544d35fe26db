import { describe, expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { SpoolRoom } from '../../../src/agent/queue/spool-room.ts'
import type { ManifestRow } from '../../../src/agent/queue/study-rows.ts'
import { Retention } from '../../../src/agent/settle/retention.ts'
import { RetentionClock } from '../../../src/agent/settle/retention-clock.ts'
import { SegmentCare } from '../../../src/agent/settle/segment-care.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { JumpingClock } from '../../support/clocks/jumping-clock.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const DAY_MS = 86_400_000
const STUDY = '1.1'

async function deliverTwo(queue: Queue): Promise<[Ulid, Ulid]> {
  const instances = [
    await spoolInstance(queue.spool, { studyInstanceUid: STUDY }),
    await spoolInstance(queue.spool, { studyInstanceUid: STUDY }),
  ]
  for (const instance of instances) await queue.acceptance.accept(instance)
  const pack = queue.packs.formNext('center', { bytes: 1e6, members: 10 })
  const ulids = pack?.header.members.map(({ ulid }) => ulid) ?? []
  queue.packs.settle(
    'center',
    pack?.header.pack ?? '',
    ulids.map((ulid) => ({ ulid, outcome: 'delivered' })),
  )
  closeByHand(queue, STUDY)
  return [ulids[0] as Ulid, ulids[1] as Ulid]
}

/** A clinic's clock and a center's, which go on together and are set apart by a test. */
class Clocks {
  readonly #time = new ManualClock(Date.UTC(2026, 0, 1))
  readonly own = new JumpingClock(this.#time)
  /** How far the center's clock is wrong. */
  centerJumpMs = 0
  /** The center has not answered yet. */
  isCenterAway = false
  /** ULIDs of what the center finds gone when it is asked, and how often its receipts were doubted. */
  missing: readonly string[] = []
  doubts = 0
  readonly #queue: Queue
  #retentionClock: RetentionClock

  constructor(queue: Queue) {
    this.#queue = queue
    this.#retentionClock = this.#create()
  }

  get retentionClock(): RetentionClock {
    return this.#retentionClock
  }

  /** The agent is started again: what it knew of the monotonic clock is gone. */
  restart(): void {
    this.#retentionClock = this.#create()
  }

  /** The agent is off, or stopped, for this time. */
  skip(days: number): void {
    this.#time.advance(days * DAY_MS)
  }

  /** The agent runs for this time, and looks each hour. Returns how many files it removed. */
  async run(days: number, isWhole = true): Promise<number> {
    let removed = 0
    for (let hour = 0; hour < days * 24; hour++) {
      this.#time.advance(DAY_MS / 24)
      removed += await this.removeDue(isWhole)
    }
    return removed
  }

  removeDue(isWhole = true): Promise<number> {
    const { retained, spool } = this.#queue
    const { retentionClock, own: clock } = this
    const audit = { isWhole: async () => isWhole, wake: () => void this.doubts++ }
    const askMissing = async (instances: readonly { ulid: string }[]): Promise<string[]> =>
      instances.map(({ ulid }) => ulid).filter((ulid) => this.missing.includes(ulid))
    const parts = {
      retained,
      spool,
      segments: new SegmentCare({ ...this.#queue, clock, log: silentLog }),
      room: new SpoolRoom('/', 0, clock),
      keepMs: 7 * DAY_MS,
      atLeastMs: 0,
      retentionClock,
      audit,
      failedRequests: this.#queue.failedRequests,
      questions: { askMissing },
      clock,
      log: silentLog,
    }
    return new Retention(parts).removeDue(new AbortController().signal)
  }

  confirm(ulid: Ulid): void {
    const manifest = { studyInstanceUid: STUDY, version: 1, part: 1 } as ManifestRow
    this.#queue.studies.confirm('center', manifest, BELIEVED, [ulid], {
      at: this.own.now(),
      keptFrom: this.#retentionClock.latest(),
      pacs: 'none',
      pacsDueAt: 0,
    })
  }

  #create(): RetentionClock {
    return new RetentionClock(this.#queue.retentionTimes, this.own, () =>
      this.isCenterAway ? undefined : this.centerJumpMs - this.own.jumpMs,
    )
  }
}

async function withConfirmed(
  use: (clocks: Clocks, confirmed: Ulid, other: Ulid, queue: Queue) => Promise<void>,
  atConfirmation: (clocks: Clocks) => void = () => {},
): Promise<void> {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const [confirmed, other] = await deliverTwo(queue)
  const clocks = new Clocks(queue)
  await clocks.run(0.5)
  atConfirmation(clocks)
  clocks.confirm(confirmed)
  await use(clocks, confirmed, other, queue)
}

test('a copy that the center lacks at this moment is kept although its receipt is good, and the receipts are compared', async () => {
  await withConfirmed(async (clocks, confirmed, _, { spool }) => {
    clocks.missing = [confirmed]
    expect(await clocks.run(10)).toBe(0)
    expect(clocks.doubts).toBeGreaterThan(0)
    expect(await spool.has(confirmed)).toBe(true)
    clocks.missing = []
    expect(await clocks.removeDue()).toBe(1)
  })
})

test('only what is confirmed is removed, and only after the retention time', async () => {
  await withConfirmed(async (clocks, confirmed, delivered, { spool }) => {
    expect(await clocks.run(6.9)).toBe(0)
    expect(await clocks.run(0.2)).toBe(1)
    expect(await spool.has(confirmed)).toBe(false)
    expect(await spool.has(delivered)).toBe(true)
  })
})

test('nothing is removed before the center has answered', async () => {
  await withConfirmed(async (clocks) => {
    clocks.isCenterAway = true
    expect(await clocks.run(8)).toBe(0)
    clocks.isCenterAway = false
    expect(await clocks.run(0.1)).toBe(1)
  })
})

const YEAR_MS = 365 * DAY_MS
const wrong: [string, (clocks: Clocks, jumpMs: number) => void][] = [
  ['the agent’s clock', ({ own }, jumpMs) => void (own.jumpMs = jumpMs)],
  ['the center’s clock', (clocks, jumpMs) => void (clocks.centerJumpMs = jumpMs)],
  [
    'both clocks at once',
    (clocks, jumpMs) => {
      clocks.own.jumpMs = jumpMs
      clocks.centerJumpMs = jumpMs
    },
  ],
]
const jumps: [string, number][] = [
  ['a year ahead', YEAR_MS],
  ['fifty years ahead', 50 * YEAR_MS],
  ['a year behind', -YEAR_MS],
  ['in 1970', -Date.UTC(2026, 0, 1)],
]
const cases = wrong.flatMap(([who, jump]) =>
  jumps.map(
    ([name, jumpMs]) => [`${who} is ${name}`, (clocks: Clocks) => jump(clocks, jumpMs), jump] as const,
  ),
)

describe.each(cases)('%s', (_, set, jump) => {
  test('a clock that is wrong only at the confirmation keeps the copy for the retention time, and no longer', async () => {
    await withConfirmed(async (clocks) => {
      clocks.skip(1 / 1440)
      expect(await clocks.removeDue()).toBe(0)
      jump(clocks, 0)
      expect(await clocks.run(6.9)).toBe(0)
      expect(await clocks.run(0.3)).toBe(1)
    }, set)
  })

  test('a clock that is wrong from the confirmation on keeps the copy for the retention time, and no longer', async () => {
    await withConfirmed(async (clocks) => {
      expect(await clocks.run(6.9)).toBe(0)
      expect(await clocks.run(0.3)).toBe(1)
    }, set)
  })

  test('a clock that is wrong for an hour brings no removal nearer, and puts none off by more than hours', async () => {
    await withConfirmed(async (clocks) => {
      expect(await clocks.run(1)).toBe(0)
      set(clocks)
      expect(await clocks.run(1 / 24)).toBe(0)
      jump(clocks, 0)
      expect(await clocks.run(5.8)).toBe(0)
      expect(await clocks.run(0.4)).toBe(1)
    })
  })
})

test.each(wrong.slice(0, 2))(
  '%s is found a year ahead when the agent starts again: nothing is removed early',
  async (_, jump) => {
    await withConfirmed(async (clocks) => {
      jump(clocks, YEAR_MS)
      clocks.restart()
      expect(await clocks.run(6.9)).toBe(0)
      expect(await clocks.run(0.3)).toBe(1)
    })
  },
)

test('while the agent is off the time goes on, if both clocks say so', async () => {
  await withConfirmed(async (clocks) => {
    clocks.skip(8)
    clocks.restart()
    expect(await clocks.removeDue()).toBe(1)
  })
})

test('a copy that is confirmed right after a start is not counted as kept while the agent was off', async () => {
  await withConfirmed(async (clocks, _, other) => {
    clocks.skip(8)
    clocks.restart()
    clocks.isCenterAway = true
    clocks.confirm(other)
    clocks.isCenterAway = false
    expect(await clocks.run(6.8)).toBe(0)
    expect(await clocks.run(0.3)).toBe(2)
  })
})

test('a removal is recorded before the file goes, so that its absence raises no alarm', async () => {
  await withConfirmed(async (clocks, confirmed, _, { index }) => {
    expect(await clocks.run(8)).toBe(1)
    expect(index.presentAfter('', 100)).not.toContain(confirmed)
  })
})

test('a center that has lost what it had receipted, or cannot be asked, lets nothing be removed', async () => {
  await withConfirmed(async (clocks) => {
    expect(await clocks.run(8, false)).toBe(0)
    expect(await clocks.removeDue(true)).toBe(1)
  })
})
