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

async function* chunks(count: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(1000)
}

async function drain(...sources: AsyncIterable<Buffer>[]): Promise<void> {
  for (const source of sources) for await (const chunk of source) expect(chunk.length).toBe(1000)
}

test('all uploads together stay under the rate', async () => {
  const clock = sleepingClock()
  const pace = new Pace(clock, 10_000)
  await drain(pace.through(chunks(10)), pace.through(chunks(11)))
  expect(clock.elapsedMs).toBeCloseTo(2000)
})

test('without a limit nothing waits', async () => {
  const clock = sleepingClock()
  await drain(new Pace(clock, Number.POSITIVE_INFINITY).through(chunks(100)))
  expect(clock.elapsedMs).toBe(0)
})
