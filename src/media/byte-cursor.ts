import type { ByteSource } from './byte-source.ts'

const WINDOW_BYTES = 64 * 1024

/** Reads a source from its beginning to its end through one window of 64 KiB. */
export class ByteCursor {
  readonly #source: ByteSource
  #window: Buffer = Buffer.alloc(0)
  #windowAt = 0
  #at = 0

  constructor(source: ByteSource) {
    this.#source = source
  }

  get offset(): number {
    return this.#windowAt + this.#at
  }

  get left(): number {
    return this.#source.size - this.offset
  }

  /** Returns the next bytes without going on: fewer than `count` only at the end of the source. */
  async peek(count: number): Promise<Buffer> {
    if (this.#window.length - this.#at < count) {
      this.#windowAt = this.offset
      this.#window = await this.#source.read(this.#windowAt, Math.max(WINDOW_BYTES, count))
      this.#at = 0
    }
    return this.#window.subarray(this.#at, this.#at + count)
  }

  skip(count: number): void {
    const left = this.#window.length - this.#at
    if (count <= left) this.#at += count
    else {
      this.#windowAt = this.offset + count
      this.#window = Buffer.alloc(0)
      this.#at = 0
    }
  }
}
