import type { Clock } from '../../platform/clock.ts'

/**
 * When each open study was last added to, on the monotonic clock. A study from before this process started counts as
 * added to at its start, so that no jump of the wall clock closes or keeps open anything.
 */
export class QuietTimes {
  readonly #clock: Clock
  readonly #quietMs: number
  readonly #startedAtMs: number
  readonly #lastMs = new Map<string, number>()

  constructor(clock: Clock, quietMs: number) {
    this.#clock = clock
    this.#quietMs = quietMs
    this.#startedAtMs = clock.monotonicMs()
  }

  added(studyInstanceUid: string): void {
    this.#lastMs.set(studyInstanceUid, this.#clock.monotonicMs())
  }

  /** Ms until the study has been quiet for long enough; 0 or less when it has. */
  untilQuietMs(studyInstanceUid: string): number {
    const last = this.#lastMs.get(studyInstanceUid) ?? this.#startedAtMs
    return last + this.#quietMs - this.#clock.monotonicMs()
  }

  forget(studyInstanceUid: string): void {
    this.#lastMs.delete(studyInstanceUid)
  }
}
