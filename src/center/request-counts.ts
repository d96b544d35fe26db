/** Number of codes that are distinguished; Ferry's own codes are fewer. */
const CODES = 128

/** Counts of a center's process since it started. */
export interface CenterCounts {
  readonly packs: number
  /** By failure code. */
  readonly refusedRequests: Readonly<Record<string, number>>
}

/** Counts the work of this process; a restart begins again at 0. */
export class RequestCounts {
  #packs = 0
  readonly #refused = new Map<string, number>()

  packAnswered(): void {
    this.#packs++
  }

  refused(code: string): void {
    const key = this.#refused.has(code) || this.#refused.size < CODES ? code : 'OTHER'
    this.#refused.set(key, (this.#refused.get(key) ?? 0) + 1)
  }

  view(): CenterCounts {
    return { packs: this.#packs, refusedRequests: Object.fromEntries(this.#refused) }
  }
}
