import { type Clock, systemClock, type Timer } from '../../../src/platform/clock.ts'

/** A clock on which time passes `speed` times as fast: what takes a minute is over in a second. */
export class FastClock implements Clock {
  readonly speed: number
  readonly #startedAt = Date.now()
  readonly #startedMs = performance.now()

  constructor(speed: number) {
    this.speed = speed
  }

  now(): number {
    return Math.round(this.#startedAt + this.monotonicMs())
  }

  monotonicMs(): number {
    return (performance.now() - this.#startedMs) * this.speed
  }

  after(delayMs: number, call: () => void): Timer {
    return systemClock.after(delayMs / this.speed, call)
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs / this.speed, signal)
  }
}
