/** How often an instance must fail while others go through: if the PACS itself says no, and if the answer may not be its own. */
const RECURRENCES = { ofPacs: 1, other: 4 }
/** Beyond these the longest known is forgotten, and starts again. */
const KNOWN_LIMIT = 10_000

/**
 * Tells an instance that makes the PACS fail from a PACS that takes nothing, if the answer does not say which it is:
 * such an instance fails again although others went through since it failed. Kept in memory; after a restart an instance
 * is suspected again.
 */
export class Suspects {
  readonly #known = new Map<number, { readonly through: number; readonly recurrences: number }>()
  #through = 0

  /** The PACS stored something. */
  wentThrough(): void {
    this.#through++
  }

  /** They were in one request that failed. */
  failedTogether(ids: readonly number[]): void {
    for (const id of ids) if (!this.#known.has(id)) this.#note(id, 0)
  }

  /**
   * It failed alone. Returns 'all' if nothing has gone through since it failed before, so that all must wait; 'again' if it is
   * this instance, as far as can be told; 'refused' once that is certain.
   */
  failedAlone(id: number, isOfPacs: boolean): 'all' | 'again' | 'refused' {
    const before = this.#known.get(id)
    if (before === undefined) this.#note(id, 0)
    if (before === undefined || before.through === this.#through) return 'all'
    const recurrences = before.recurrences + 1
    this.#note(id, recurrences)
    return recurrences >= (isOfPacs ? RECURRENCES.ofPacs : RECURRENCES.other) ? 'refused' : 'again'
  }

  forget(id: number): void {
    this.#known.delete(id)
  }

  #note(id: number, recurrences: number): void {
    this.#known.delete(id)
    this.#known.set(id, { through: this.#through, recurrences })
    const [longest] = this.#known.keys()
    if (this.#known.size > KNOWN_LIMIT && longest !== undefined) this.#known.delete(longest)
  }
}
