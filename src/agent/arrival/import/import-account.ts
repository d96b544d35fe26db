import { type ImportOutcome, isFailure, OUTCOME_KINDS, type OutcomeKind } from './import-outcome.ts'

/** The final account of an import: how many files had which fate, and which ones. */
export class ImportAccount {
  readonly counts: Record<OutcomeKind, number>
  readonly #kept = new Map<OutcomeKind, ImportOutcome[]>()
  readonly #keptOfKind: number
  #failures = 0

  /** `keptOfKind`: number of outcomes of each kind that are kept for a list; all are counted. */
  constructor(keptOfKind: number) {
    this.#keptOfKind = keptOfKind
    this.counts = { taken: 0, known: 0, odd: 0, held: 0, refused: 0, unread: 0, notDicom: 0, leftOut: 0 }
  }

  add(outcome: ImportOutcome): void {
    const { kind } = outcome
    this.counts[kind]++
    if (isFailure(outcome)) this.#failures++
    const kept = this.#kept.get(kind) ?? []
    this.#kept.set(kind, kept)
    if (kept.length < this.#keptOfKind) kept.push(outcome)
  }

  /** Number of files because of which an instance may be missing. */
  get failures(): number {
    return this.#failures
  }

  /** Number of instances that survive loss of power and loss of the index. */
  get safe(): number {
    const { taken, known, odd, held } = this.counts
    return taken + known + odd + held
  }

  get files(): number {
    return OUTCOME_KINDS.reduce((sum, kind) => sum + this.counts[kind], 0)
  }

  /** In the order in which they were added. */
  ofKind(kind: OutcomeKind): readonly ImportOutcome[] {
    return this.#kept.get(kind) ?? []
  }
}
