type Unfinished = 'FILE_INCOMPLETE' | 'FILE_UNKNOWN'

interface Look {
  readonly look: string
  /** Monotonic time of the first look. */
  readonly since: number
  /** The sweep that saw it last. */
  sweep: number
  /** Why it was found to be unfinished. */
  unfinished?: Unfinished
}

/** Files that are watched at once; others wait until these are taken. Bounds memory. */
const MOST = 20_000

/**
 * Tells which files no longer change: size and times are the same on two looks at least `stillMs` apart. Times are those
 * of the monotonic clock. Knows only files that are not in the ledger yet.
 */
export class Stillness {
  readonly #stillMs: number
  readonly #looks = new Map<string, Look>()
  #sweep = 0

  constructor(stillMs: number) {
    this.#stillMs = stillMs
  }

  /** The number of files that are waited for. */
  get count(): number {
    return this.#looks.size
  }

  /** Returns how long the file has been still, in ms; undefined if that is not long enough. */
  look(key: string, look: string, nowMs: number): number | undefined {
    const before = this.#looks.get(key)
    if (before?.look !== look) {
      if (before !== undefined || this.#looks.size < MOST)
        this.#looks.set(key, { look, since: nowMs, sweep: this.#sweep })
      return undefined
    }
    before.sweep = this.#sweep
    const stillMs = nowMs - before.since
    return stillMs >= this.#stillMs ? stillMs : undefined
  }

  /** Returns why this version of the file was found to be unfinished; undefined if it was not. */
  unfinished(key: string): Unfinished | undefined {
    return this.#looks.get(key)?.unfinished
  }

  /** Remembers that a file is unfinished: it is read again when it changes. */
  isUnfinished(key: string, reason: Unfinished): void {
    const look = this.#looks.get(key)
    if (look !== undefined) look.unfinished = reason
  }

  forget(key: string): void {
    this.#looks.delete(key)
  }

  /** Ends a sweep: files that it has not seen are gone. */
  endSweep(): void {
    for (const [key, { sweep }] of this.#looks) if (sweep !== this.#sweep) this.#looks.delete(key)
    this.#sweep++
  }
}
