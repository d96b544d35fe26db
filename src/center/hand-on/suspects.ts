/**
 * Number of failures of an instance while others succeed: if the refusal comes from the PACS itself, and if it may not.
 */
const RECURRENCES = { ofPacs: 1, other: 4 }
/** Above this number the oldest entry is dropped, and starts again. */
const KNOWN_LIMIT = 10_000

/**
 * Distinguishes an instance that makes the PACS fail from a PACS that accepts nothing, if the answer does not show
 * which it is: such an instance fails again although others succeeded since its last failure. Kept in memory; after a
 * restart an instance must be suspected again.
 */
export class Suspects {
  readonly #known = new Map<number, { readonly through: number; readonly recurrences: number }>()
  #through = 0

  /** Records that the PACS stored something. */
  wentThrough(): void {
    this.#through++
  }

  /** Records that these were in one failed request. */
  failedTogether(ids: readonly number[]): void {
    for (const id of ids) if (!this.#known.has(id)) this.#note(id, 0)
  }

  /**
   * Records that an instance failed alone. Returns 'all' if nothing has succeeded since its last failure, so that all
   * must wait; 'again' if this instance is probably the cause; 'refused' once that is certain.
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
