interface Look {
  readonly look: string
  /** Monotonic time of the first look. */
  readonly since: number
  /** The sweep that saw it last. */
  sweep: number
  /** The part that is missing in it, once it was looked for. */
  missing?: string
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

  /** Returns the part that an earlier look has found to be missing in this version of the file. */
  missingIn(key: string): string | undefined {
    return this.#looks.get(key)?.missing
  }

  /** Remembers what is missing: it is looked for again when the file changes. */
  isMissing(key: string, what: string): void {
    const look = this.#looks.get(key)
    if (look !== undefined) look.missing = what
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
