import { type Clock, systemClock, type Timer } from '../../../src/platform/clock.ts'

/** A clock whose wall-clock time a test sets off by `jumpMs`, while durations go on as they are. */
export class JumpingClock implements Clock {
  readonly #base: Clock
  jumpMs: number

  constructor(base: Clock = systemClock, jumpMs = 0) {
    this.#base = base
    this.jumpMs = jumpMs
  }

  now(): number {
    return this.#base.now() + this.jumpMs
  }

  monotonicMs(): number {
    return this.#base.monotonicMs()
  }

  after(delayMs: number, call: () => void): Timer {
    return this.#base.after(delayMs, call)
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return this.#base.sleep(delayMs, signal)
  }
}
