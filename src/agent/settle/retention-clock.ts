import type { Clock } from '../../platform/clock.ts'
import type { RetentionTimes } from '../queue/retention-times.ts'

/**
 * The time by which copies are kept. It counts only what has passed by this machine's clock and by the center's, and while
 * the process runs by the monotonic clock too. It never goes back. So a clock that jumps ahead brings no removal nearer,
 * and one that jumps back puts removals off by no more than the time between two looks. Copies that were confirmed while a clock
 * was wrong are kept as long as others. The time begins at 0 in a new index.
 */
export class RetentionClock {
  readonly #times: RetentionTimes
  readonly #clock: Clock
  readonly #centerOffsetMs: () => number | undefined
  /** When it was last moved on, on the monotonic clock of this process. */
  #movedAtMs: number | undefined

  /** `centerOffsetMs`: the center's clock minus ours; undefined before the center has answered. */
  constructor(times: RetentionTimes, clock: Clock, centerOffsetMs: () => number | undefined) {
    this.#times = times
    this.#clock = clock
    this.#centerOffsetMs = centerOffsetMs
  }

  /** Moves on to what has passed for certain, and returns it in ms; undefined before the center has answered. */
  advance(): number | undefined {
    const offsetMs = this.#centerOffsetMs()
    if (offsetMs === undefined) return undefined
    const monotonicMs = this.#clock.monotonicMs()
    const ownMs = this.#clock.now()
    const centerMs = ownMs + offsetMs
    const last = this.#times.last()
    let elapsedMs = last?.elapsedMs ?? 0
    if (last !== undefined && last.centerMs !== null) {
      const sinceMs = this.#movedAtMs === undefined ? Number.POSITIVE_INFINITY : monotonicMs - this.#movedAtMs
      const passedMs = Math.min(ownMs - last.ownMs, centerMs - last.centerMs, sinceMs)
      elapsedMs += Math.max(0, Math.floor(passedMs))
    }
    this.#times.write({ elapsedMs, ownMs: Math.floor(ownMs), centerMs: Math.floor(centerMs) })
    this.#movedAtMs = monotonicMs
    return elapsedMs
  }

  /** The latest that it may be at this moment: what is confirmed now is kept from here on. */
  latest(): number {
    if (this.#movedAtMs === undefined && this.advance() === undefined) this.#beginAgain()
    const last = this.#times.last()
    return (last?.elapsedMs ?? 0) + Math.ceil(this.#clock.monotonicMs() - (this.#movedAtMs ?? 0))
  }

  /** The time since the last process is not known, and is not counted. */
  #beginAgain(): void {
    const elapsedMs = this.#times.last()?.elapsedMs ?? 0
    this.#times.write({ elapsedMs, ownMs: Math.floor(this.#clock.now()), centerMs: null })
    this.#movedAtMs = this.#clock.monotonicMs()
  }
}
