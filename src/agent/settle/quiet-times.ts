import type { Clock } from '../../platform/clock.ts'
import type { ReadyStudy } from '../queue/study-rows.ts'

/** For studies with priority: a later instance of such a study only costs one more manifest. */
const PRIORITY_QUIET_MS = 1000

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
  untilQuietMs({ studyInstanceUid, hasPriority }: ReadyStudy): number {
    const last = this.#lastMs.get(studyInstanceUid) ?? this.#startedAtMs
    const quietMs = hasPriority ? Math.min(this.#quietMs, PRIORITY_QUIET_MS) : this.#quietMs
    return last + quietMs - this.#clock.monotonicMs()
  }

  forget(studyInstanceUid: string): void {
    this.#lastMs.delete(studyInstanceUid)
  }
}
