import type { Clock } from '../../platform/clock.ts'
import type { RetentionTimes } from '../queue/retention-times.ts'

/**
 * The time by which copies are kept. It counts only time that has passed by both this machine's clock and the center's,
 * and while the process runs by the monotonic clock too. It never goes back. A clock that jumps ahead therefore brings
 * no removal nearer, and one that jumps back delays removals at most by the time between two looks. Copies that were
 * confirmed while a clock was wrong are kept as long as others. The time begins at 0 in a new index.
 */
export class RetentionClock {
  readonly #times: RetentionTimes
  readonly #clock: Clock
  readonly #centerOffsetMs: () => number | undefined
  /** The time of the last advance, on the monotonic clock of this process. */
  #movedAtMs: number | undefined

  /** `centerOffsetMs`: the center's clock minus ours; undefined before the center's first answer. */
  constructor(times: RetentionTimes, clock: Clock, centerOffsetMs: () => number | undefined) {
    this.#times = times
    this.#clock = clock
    this.#centerOffsetMs = centerOffsetMs
  }

  /**
   * Advances by the time that has certainly passed, and returns the result in ms; undefined before the center's first
   * answer.
   */
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

  /** The upper limit of the time at this moment: the retention of an instance confirmed now starts here. */
  latest(): number {
    if (this.#movedAtMs === undefined && this.advance() === undefined) this.#beginAgain()
    const last = this.#times.last()
    return (last?.elapsedMs ?? 0) + Math.ceil(this.#clock.monotonicMs() - (this.#movedAtMs ?? 0))
  }

  /** The time since the last process is unknown, and does not count. */
  #beginAgain(): void {
    const elapsedMs = this.#times.last()?.elapsedMs ?? 0
    this.#times.write({ elapsedMs, ownMs: Math.floor(this.#clock.now()), centerMs: null })
    this.#movedAtMs = this.#clock.monotonicMs()
  }
}
