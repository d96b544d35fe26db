/** Limits of the bytes that requests hold: of all associations at the same time, and of one request. */
export class GatheringLimits {
  readonly #limitEach: number
  #left: number

  constructor(limitInAll: number, limitEach: number) {
    this.#limitEach = limitEach
    this.#left = limitInAll
  }

  /** Takes `bytes` for a request that already holds `held` bytes. */
  take(held: number, bytes: number): boolean {
    if (held + bytes > this.#limitEach || bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#left += bytes
  }
}

/** The data set of a small message, held whole until it is disposed of. */
export class GatheredDataSet implements Disposable {
  readonly #limits: GatheringLimits
  readonly #pieces: Buffer[] = []
  #length = 0
  #isTooLarge = false

  constructor(limits: GatheringLimits) {
    this.#limits = limits
  }

  get isTooLarge(): boolean {
    return this.#isTooLarge
  }

  /** Copies: a piece may be a small view of a large chunk. Rejects once a limit is reached. */
  push(piece: Buffer): Promise<void> | undefined {
    if (!this.#limits.take(this.#length, piece.length)) {
      this.#isTooLarge = true
      return Promise.reject(new RangeError('a data set beyond the limit'))
    }
    this.#length += piece.length
    this.#pieces.push(Buffer.from(piece))
    return undefined
  }

  whole(): Buffer {
    return Buffer.concat(this.#pieces, this.#length)
  }

  [Symbol.dispose](): void {
    this.#limits.giveBack(this.#length)
    this.#pieces.length = this.#length = 0
  }
}
