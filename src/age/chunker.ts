/**
 * Cuts pieces of any size into chunks of one size. Copies only what straddles two pieces, and keeps at most one chunk,
 * so that its memory does not grow with the stream.
 */
export class Chunker {
  readonly #held: Buffer
  readonly #leastBytes: number
  #length = 0

  /** `keepLast` holds a full chunk back until a byte follows it: for one who must treat the last chunk differently. */
  constructor(chunkBytes: number, options: { keepLast: boolean }) {
    this.#held = Buffer.allocUnsafe(chunkBytes)
    this.#leastBytes = options.keepLast ? chunkBytes + 1 : chunkBytes
  }

  /** The chunks that `piece` completes, in order. Each is a view, good until the next one is taken. */
  *cut(piece: Buffer): Generator<Buffer, void, undefined> {
    let rest = piece
    while (this.#length + rest.length >= this.#leastBytes) {
      if (this.#length === 0) {
        yield rest.subarray(0, this.#held.length)
        rest = rest.subarray(this.#held.length)
      } else {
        rest = rest.subarray(this.#hold(rest))
        yield this.#held
        this.#length = 0
      }
    }
    this.#hold(rest)
  }

  /** The bytes that are not yet handed out: less than a chunk, or with `keepLast` at most one. */
  rest(): Buffer {
    return this.#held.subarray(0, this.#length)
  }

  #hold(bytes: Buffer): number {
    const copied = bytes.copy(this.#held, this.#length)
    this.#length += copied
    return copied
  }
}
