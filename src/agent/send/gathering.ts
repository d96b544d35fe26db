import type { Clock } from '../../platform/clock.ts'

/** For studies with priority: long enough for a burst of slices. */
const PRIORITY_LINGER_MS = 50

interface Gathered {
  readonly untilMs: number
  bytes: number
}

/**
 * Studies that are arriving now: their next pack waits a moment for more instances, so that a thousand slices are not
 * sent as a thousand packs. No instance waits longer than `lingerMs`, and none waits once `fullBytes` have arrived.
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

  /**
   * Returns true if the packs to send, or the time of the next look, change: for the first instance of a study, and
   * when it is full.
   */
  add(studyInstanceUid: string, bytes: number, hasPriority = false): boolean {
    const known = this.#studies.get(studyInstanceUid)
    const lingerMs = hasPriority ? Math.min(PRIORITY_LINGER_MS, this.#lingerMs) : this.#lingerMs
    const gathered = known ?? { untilMs: this.#clock.monotonicMs() + lingerMs, bytes: 0 }
    gathered.bytes += bytes
    this.#studies.set(studyInstanceUid, gathered)
    return known === undefined || gathered.bytes >= this.#fullBytes
  }

  /** The studies that must wait, and the remaining time in ms. */
  waiting(): { studies: string[]; untilMs: number } {
    const now = this.#clock.monotonicMs()
    const studies: string[] = []
    let untilMs = Number.POSITIVE_INFINITY
    for (const [study, { untilMs: endMs, bytes }] of this.#studies) {
      const leftMs = endMs - now
      if (leftMs <= 0) this.#studies.delete(study)
      else if (bytes < this.#fullBytes) {
        studies.push(study)
        untilMs = Math.min(untilMs, leftMs)
      }
    }
    return { studies, untilMs }
  }

  /** A pack of the study was formed; later instances form the next one. */
  taken(studyInstanceUid: string): void {
    this.#studies.delete(studyInstanceUid)
  }
}
