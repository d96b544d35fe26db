import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Reads the first and last bytes of a spool file synchronously. The returned buffers are reused by the next call. */
export class SpoolFileEnds implements Disposable {
  readonly size: number
  readonly #descriptor: number
  readonly #scratch: Buffer

  /** Throws the system's error if the file does not exist or cannot be opened. */
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
