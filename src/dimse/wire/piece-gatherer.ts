/** The PDVs of most devices have 16 KiB or more and go through uncopied. */
const LARGE_BYTES = 8 * 1024
const GATHERED_BYTES = 16 * 1024
const NO_PIECES: readonly Buffer[] = []

/**
 * Makes large pieces of small ones, by copying them. A peer may send a data set a byte at a time, and a view of a byte
 * costs a hundred, and keeps alive all that arrived with it: whoever holds pieces would hold far more than their bytes.
 */
export class PieceGatherer {
  #gathered: Buffer | undefined
  #length = 0

  /** The pieces that are ready now; a large one goes through as it is, behind what was gathered before. */
  add(piece: Buffer): readonly Buffer[] {
    if (piece.length >= LARGE_BYTES) return [...this.rest(), piece]
    const ready = this.#length + piece.length > GATHERED_BYTES ? this.rest() : NO_PIECES
    this.#gathered ??= Buffer.allocUnsafeSlow(GATHERED_BYTES)
    this.#gathered.set(piece, this.#length)
    this.#length += piece.length
    return ready
  }

  /** Returns the gathered bytes; to be called at the end. */
  rest(): readonly Buffer[] {
    if (this.#gathered === undefined) return NO_PIECES
    const gathered = this.#gathered.subarray(0, this.#length)
    this.#gathered = undefined
    this.#length = 0
    return [gathered]
  }
}
