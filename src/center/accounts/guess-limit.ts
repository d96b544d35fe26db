import type { Clock } from '../../platform/clock.ts'

/** Wrong passwords that cost nothing. */
const FREE = 5
const FIRST_MS = 1000
const LONGEST_MS = 15 * 60_000
/** After this long without a wrong one all is forgotten. */
const FORGOTTEN_MS = 60 * 60_000
/** Names and addresses that are remembered; the oldest is forgotten first. */
const KEPT = 10_000

interface Guesses {
  readonly count: number
  readonly lastMs: number
}

/** Slows the guessing of passwords, for each name and for each address: after five each wrong one doubles the wait. */
export class GuessLimit {
  readonly #clock: Clock
  readonly #guesses = new Map<string, Guesses>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Returns how many ms must pass before the next guess is looked at; 0 = none. */
  waitMs(...keys: readonly string[]): number {
    return Math.max(0, ...keys.map((key) => this.#waitOf(key)))
  }

  wrong(...keys: readonly string[]): void {
    for (const key of keys) {
      const count = (this.#guesses.get(key)?.count ?? 0) + 1
      this.#guesses.delete(key)
      this.#guesses.set(key, { count, lastMs: this.#clock.monotonicMs() })
      for (const oldest of this.#guesses.keys()) {
        if (this.#guesses.size <= KEPT) break
        this.#guesses.delete(oldest)
      }
    }
  }

  right(...keys: readonly string[]): void {
    for (const key of keys) this.#guesses.delete(key)
  }

  #waitOf(key: string): number {
    const guesses = this.#guesses.get(key)
    if (guesses === undefined) return 0
    const passedMs = this.#clock.monotonicMs() - guesses.lastMs
    if (passedMs >= FORGOTTEN_MS) {
      this.#guesses.delete(key)
      return 0
    }
    if (guesses.count < FREE) return 0
    return Math.min(LONGEST_MS, FIRST_MS * 2 ** (guesses.count - FREE)) - passedMs
  }
}
