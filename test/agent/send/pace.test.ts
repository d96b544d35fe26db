import { expect, test } from '@jest/globals'
import { Pace } from '../../../src/agent/send/pace.ts'
import { type Clock, systemClock } from '../../../src/platform/clock.ts'

/** Sleeping moves this clock, so that what was slept is what is measured. */
function sleepingClock(): Clock & { elapsedMs: number } {
  return {
    ...systemClock,
    elapsedMs: 0,
    monotonicMs() {
      return this.elapsedMs
    },
    async sleep(delayMs) {
      this.elapsedMs += delayMs
    },
  }
}

const ROUTINE = { hasPriority: false }

async function* chunks(count: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(1000)
}

async function drain(...sources: AsyncIterable<Buffer>[]): Promise<void> {
  for (const source of sources) for await (const chunk of source) expect(chunk.length).toBe(1000)
}

test('all uploads together stay under the rate', async () => {
  const clock = sleepingClock()
  const pace = new Pace(clock, 10_000)
  await drain(pace.through(chunks(10), ROUTINE), pace.through(chunks(11), ROUTINE))
  expect(clock.elapsedMs).toBeCloseTo(2000)
})

test('without a limit nothing waits', async () => {
  const clock = sleepingClock()
  await drain(new Pace(clock, Number.POSITIVE_INFINITY).through(chunks(100), ROUTINE))
  expect(clock.elapsedMs).toBe(0)
})

const PRIORITY = { hasPriority: true }

/** Passes `count` chunks on; returns the time at which each was passed on. */
async function timesOf(
  clock: { elapsedMs: number },
  source: AsyncIterable<Buffer>,
): Promise<readonly number[]> {
  const times: number[] = []
  for await (const _ of source) times.push(clock.elapsedMs)
  return times
}

test('while an upload with priority is under way, another one gets a twentieth of the bytes, and all of them afterwards', async () => {
  const clock = sleepingClock()
  const pace = new Pace(clock, 10_000)
  const pass = pace.pass()
  const first = pace.through(chunks(191), PRIORITY)
  const other = pace.through(chunks(30), ROUTINE)
  // The sleeping clock lets one of them run at a time: the one with priority goes first, and allows the other 10 chunks.
  await timesOf(clock, first)
  const before = clock.elapsedMs
  const seen: number[] = []
  for (let i = 0; i < 10; i++) {
    await other.next()
    seen.push(clock.elapsedMs - before)
  }
  expect(seen.at(-1)).toBeLessThan(1100)
  pass[Symbol.dispose]()
  const rest = await timesOf(clock, other)
  expect(rest).toHaveLength(20)
  expect(clock.elapsedMs - before).toBeLessThan(3100)
})

test('an upload that is passed for long still sends a chunk every five seconds', async () => {
  const clock = sleepingClock()
  const pace = new Pace(clock, Number.POSITIVE_INFINITY)
  using _ = pace.pass()
  const times = await timesOf(clock, pace.through(chunks(3), ROUTINE))
  expect(times).toEqual([5000, 10_000, 15_000])
})
