import { showBytes } from '../../../platform/show-bytes.ts'
import { FileProblem } from './file-problem.ts'

/** Limits for each zip file: a small one can claim to contain more than any disk holds. */
export interface ZipLimits {
  /** Maximum number of entries. */
  readonly zipEntries: number
  /** Maximum number of unpacked bytes. */
  readonly zipBytes: number
  /** Maximum number of unpacked bytes for each byte of the zip file. */
  readonly zipRatio: number
}

/** Contents up to this size are allowed at any ratio: segmentations and empty images shrink to a thousandth. */
const ANY_RATIO_BYTES = 256 * 1024 * 1024

/** The inflated bytes that one zip file may have. Sizes are as declared; whoever inflates an entry checks its size. */
export class ZipBudget {
  readonly #limits: ZipLimits
  readonly #ratioBytes: number
  readonly #counted = new WeakSet<object>()
  #spentBytes = 0

  constructor(sizeBytes: number, limits: ZipLimits) {
    this.#limits = limits
    this.#ratioBytes = Math.max(ANY_RATIO_BYTES, sizeBytes * limits.zipRatio)
  }

  /** Counts an entry, once. Throws {@link FileProblem} if it is too large; the next ones may fit. */
  spend(entry: object, bytes: number): void {
    if (this.#counted.has(entry)) return
    const total = this.#spentBytes + bytes
    const { zipBytes, zipRatio } = this.#limits
    if (total > zipBytes) throw new FileProblem('zipBytes', showBytes(zipBytes))
    if (total > this.#ratioBytes) throw new FileProblem('zipRatio', String(zipRatio))
    this.#counted.add(entry)
    this.#spentBytes = total
  }
}
