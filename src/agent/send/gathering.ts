import type { Clock } from '../../platform/clock.ts'

interface Gathered {
  readonly sinceMs: number
  bytes: number
}

/**
 * Studies that are arriving now: their next pack waits a moment for more, so that a thousand slices do not travel as
 * a thousand packs. No instance waits longer than `lingerMs`, and none at all once `fullBytes` are there.
 */
export class Gathering {
  readonly #clock: Clock
  readonly #lingerMs: number
  readonly #fullBytes: number
  readonly #studies = new Map<string, Gathered>()

  constructor(clock: Clock, lingerMs: number, fullBytes: number) {
    this.#clock = clock
    this.#lingerMs = lingerMs
    this.#fullBytes = fullBytes
  }

  /** Returns true when that changes what is to be sent, or when to look again: for the first of a study, and when full. */
  add(studyInstanceUid: string, bytes: number): boolean {
    const known = this.#studies.get(studyInstanceUid)
    const gathered = known ?? { sinceMs: this.#clock.monotonicMs(), bytes: 0 }
    gathered.bytes += bytes
    this.#studies.set(studyInstanceUid, gathered)
    return known === undefined || gathered.bytes >= this.#fullBytes
  }

  /** The studies that are to wait, and for how many ms at most. */
  waiting(): { studies: string[]; untilMs: number } {
    const now = this.#clock.monotonicMs()
    const studies: string[] = []
    let untilMs = Number.POSITIVE_INFINITY
    for (const [study, { sinceMs, bytes }] of this.#studies) {
      const leftMs = sinceMs + this.#lingerMs - now
      if (leftMs <= 0) this.#studies.delete(study)
      else if (bytes < this.#fullBytes) {
        studies.push(study)
        untilMs = Math.min(untilMs, leftMs)
      }
    }
    return { studies, untilMs }
  }

  /** A pack of the study was formed; instances that come now form the next one. */
  taken(studyInstanceUid: string): void {
    this.#studies.delete(studyInstanceUid)
  }
}
