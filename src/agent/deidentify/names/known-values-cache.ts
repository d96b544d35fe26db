import type { Gathered } from './gathered.ts'
import type { KnownValues } from './known-value-search.ts'

const DEFAULT_PATIENTS = 64

interface Kept {
  readonly gathered: readonly Gathered[]
  readonly values: KnownValues
}

/** Keeps the searches for recent patients, in memory only: the slices of a series share one. */
export class KnownValuesCache {
  readonly #limit: number
  /** The most recently used one is the first. */
  readonly #kept: Kept[] = []

  constructor(limit = DEFAULT_PATIENTS) {
    this.#limit = limit
  }

  /**
   * Returns the search for the same values if there is one, otherwise makes it; the least recently used one is dropped.
   */
  get(gathered: readonly Gathered[], make: () => KnownValues): KnownValues {
    const at = this.#kept.findIndex((kept) => areSame(kept.gathered, gathered))
    const found = this.#kept[at] ?? { gathered: gathered.map(copied), values: make() }
    if (at === 0) return found.values
    if (at > 0) this.#kept.splice(at, 1)
    this.#kept.unshift(found)
    if (this.#kept.length > this.#limit) this.#kept.pop()
    return found.values
  }
}

/** Gathered values are views of memory that is reused. */
const copied = (one: Gathered): Gathered => ({ ...one, value: Buffer.from(one.value) })

function areSame(some: readonly Gathered[], others: readonly Gathered[]): boolean {
  if (some.length !== others.length) return false
  return some.every((one, i) => {
    const other = others[i]
    return (
      other !== undefined &&
      one.tag === other.tag &&
      one.vr === other.vr &&
      one.characterSet === other.characterSet &&
      one.value.equals(other.value)
    )
  })
}
