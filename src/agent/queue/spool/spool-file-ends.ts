import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Reads what a spool file begins and ends with, at once. The buffers that it hands out are used again by the next call. */
export class SpoolFileEnds implements Disposable {
  readonly size: number
  readonly #descriptor: number
  readonly #scratch: Buffer

  /** Throws what the system says where there is no such file, or it cannot be opened. */
  constructor(path: string, scratch: Buffer) {
    this.#descriptor = openSync(path, 'r')
    this.#scratch = scratch
    this.size = fstatSync(this.#descriptor).size
  }

  /** The first bytes, at most `bytes`. */
  head(bytes: number): Buffer {
    return this.#readAt(bytes, 0)
  }

  /** The last bytes, at most `bytes`. */
  tail(bytes: number): Buffer {
    return this.#readAt(bytes, Math.max(0, this.size - bytes))
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }

  #readAt(length: number, position: number): Buffer {
    const bytesRead = readSync(this.#descriptor, this.#scratch, 0, length, position)
    return this.#scratch.subarray(0, bytesRead)
  }
}
