import { setTimeout as sleep } from 'node:timers/promises'
import type { ManualClock } from './manual-clock.ts'

/**
 * Moves a clock on, step by step, until something has come true; real sockets and files have a moment after each step.
 * Throws what was seen last when it has not come true after `limitMs` of real time.
 */
export async function passTimeUntil<Value>(
  clock: ManualClock,
  look: () => Value,
  isDone: (value: Value) => boolean,
  stepMs = 250,
  limitMs = 30_000,
): Promise<Value> {
  const started = performance.now()
  for (;;) {
    const value = look()
    if (isDone(value)) return value
    if (performance.now() - started > limitMs)
      throw new Error(`not within ${limitMs} ms; last seen: ${JSON.stringify(value)}`)
    clock.advance(stepMs)
    await sleep(10)
  }
}

/**
 * Moves a clock on until something has come true that happens in this process alone, which needs a shorter moment after
 * each step: to the next timer, or by `stepMs`.
 */
export async function passTimersUntil(
  clock: ManualClock,
  isDone: () => boolean | Promise<boolean>,
  stepMs?: number,
  limitMs = 30_000,
): Promise<void> {
  const started = performance.now()
  while (!(await isDone())) {
    if (performance.now() - started > limitMs) throw new Error(`not within ${limitMs} ms`)
    clock.advance(stepMs ?? clock.nextTimerMs ?? 0)
    await sleep(2)
  }
}
