import type { KnownValues } from './known-values.ts'

const DEFAULT_PATIENTS = 64

/** Keeps what is searched for the patients of late, in memory only: the slices of a series share it. */
export class KnownValuesCache {
  readonly #limit: number
  readonly #kept = new Map<string, KnownValues>()

  constructor(limit = DEFAULT_PATIENTS) {
    this.#limit = limit
  }

  /** Of the same values as before, else made; the one that was longest without use goes. */
  get(key: string, make: () => KnownValues): KnownValues {
    const found = this.#kept.get(key) ?? make()
    this.#kept.delete(key)
    this.#kept.set(key, found)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#limit && oldest !== undefined) this.#kept.delete(oldest)
    return found
  }
}
