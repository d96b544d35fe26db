import type { Clock } from '../../platform/clock.ts'

/**
 * The time when each open study last received an instance, on the monotonic clock. For a study from before this process
 * started, the start counts, so that a jump of the wall clock neither closes a study nor keeps it open.
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

  /** No more instances will come. */
  ended(studyInstanceUid: string): void {
    this.#lastMs.set(studyInstanceUid, Number.NEGATIVE_INFINITY)
  }

  /** Ms until the study has been quiet for long enough; 0 or less if it has. */
  untilQuietMs(studyInstanceUid: string): number {
    const last = this.#lastMs.get(studyInstanceUid) ?? this.#startedAtMs
    return last + this.#quietMs - this.#clock.monotonicMs()
  }

  forget(studyInstanceUid: string): void {
    this.#lastMs.delete(studyInstanceUid)
  }
}
