/** Most devices send PDVs of 16 KiB or more, which pass through without a copy. */
const LARGE_BYTES = 8 * 1024
const GATHERED_BYTES = 16 * 1024
const NO_PIECES: readonly Buffer[] = []

/**
 * Joins small pieces into large ones by copying them. A peer may send a data set one byte at a time; a view of a byte
 * costs a hundred, and keeps alive everything that arrived with it, so a holder of pieces would hold far more than
 * their bytes.
 */
export class PieceGatherer {
  #gathered: Buffer | undefined
  #length = 0

  /**
   * Returns the pieces that are ready now; a large one passes through unchanged, after the bytes gathered before it.
   */
  push(piece: Buffer): readonly Buffer[] {
    if (piece.length >= LARGE_BYTES) return [...this.finish(), piece]
    const ready = this.#length + piece.length > GATHERED_BYTES ? this.finish() : NO_PIECES
    this.#gathered ??= Buffer.allocUnsafeSlow(GATHERED_BYTES)
    this.#gathered.set(piece, this.#length)
    this.#length += piece.length
    return ready
  }

  /** Returns the gathered bytes; to be called at the end. */
  finish(): readonly Buffer[] {
    if (this.#gathered === undefined) return NO_PIECES
    const gathered = this.#gathered.subarray(0, this.#length)
    this.#gathered = undefined
    this.#length = 0
    return [gathered]
  }
}
