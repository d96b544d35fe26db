/** Longer than any value in a head that a device writes with a wrong length. */
const LIMIT_BYTES = 128 * 1024

/**
 * The last bytes of a stream, from a position that its owner moves forward: the bytes after the last value that was
 * read correctly. Holds at most 128 KiB. If more arrives before the position moves, none of it is kept, and `overflow`
 * gets all of it, piece by piece.
 */
export class RecentBytes {
  readonly #overflow: ((bytes: Buffer, isFirst: boolean) => void) | undefined
  #pieces: Buffer[] = []
  /** Position of the first piece in the stream. */
  #begin = 0
  #end = 0
  #isFull = false

  constructor(overflow?: (bytes: Buffer, isFirst: boolean) => void) {
    this.#overflow = overflow
  }

  /** Copies the bytes: the caller may reuse the memory. */
  push(bytes: Buffer): void {
    this.#end += bytes.length
    if (this.#isFull) return this.#overflow?.(bytes, false)
    if (this.#end - this.#begin <= LIMIT_BYTES) {
      this.#pieces.push(Buffer.from(bytes))
      return
    }
    this.#isFull = true
    const kept = this.#pieces
    this.#pieces = []
    this.#overflow?.(Buffer.concat([...kept, bytes]), true)
  }

  /** Drops the bytes before this position. */
  keepFrom(offset: number): void {
    if (this.#isFull) {
      if (offset < this.#end) return
      this.#isFull = false
      this.#begin = this.#end
    }
    let first = this.#pieces[0]
    while (first !== undefined && this.#begin + first.length <= offset) {
      this.#begin += first.length
      this.#pieces.shift()
      first = this.#pieces[0]
    }
  }

  /** Returns the bytes from this position on, or undefined if they are not kept. */
  from(offset: number): Buffer | undefined {
    if (this.#isFull || offset < this.#begin) return undefined
    return Buffer.concat(this.#pieces).subarray(offset - this.#begin)
  }
}
