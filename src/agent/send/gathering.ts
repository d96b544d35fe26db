import type { Clock } from '../../platform/clock.ts'

interface Gathered {
  readonly sinceMs: number
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
  add(studyInstanceUid: string, bytes: number): boolean {
    const known = this.#studies.get(studyInstanceUid)
    const gathered = known ?? { sinceMs: this.#clock.monotonicMs(), bytes: 0 }
    gathered.bytes += bytes
    this.#studies.set(studyInstanceUid, gathered)
    return known === undefined || gathered.bytes >= this.#fullBytes
  }

  /** The studies that must wait, and the remaining time in ms. */
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

  /** A pack of the study was formed; later instances form the next one. */
  taken(studyInstanceUid: string): void {
    this.#studies.delete(studyInstanceUid)
  }
}
