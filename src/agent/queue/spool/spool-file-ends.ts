import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { ImagePlace } from './stored-image.ts'

/** Reads the first and last bytes of a sealed instance synchronously. The returned buffers are reused by the next call. */
export class SpoolFileEnds implements Disposable {
  readonly size: number
  readonly #descriptor: number
  readonly #offset: number
  readonly #scratch: Buffer

  /** Throws the system's error if the file does not exist or cannot be opened. */
  constructor({ path, offset, bytes }: ImagePlace, scratch: Buffer) {
    this.#descriptor = openSync(path, 'r')
    this.#scratch = scratch
    this.#offset = offset
    const there = Math.max(0, fstatSync(this.#descriptor).size - offset)
    this.size = Math.min(there, bytes ?? there)
  }

  /** The first bytes, at most `bytes`. */
  head(bytes: number): Buffer {
    return this.#readAt(Math.min(bytes, this.size), 0)
  }

  /** The last bytes, at most `bytes`. */
  tail(bytes: number): Buffer {
    const length = Math.min(bytes, this.size)
    return this.#readAt(length, this.size - length)
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor)
  }

  #readAt(length: number, position: number): Buffer {
    const bytesRead = readSync(this.#descriptor, this.#scratch, 0, length, this.#offset + position)
    return this.#scratch.subarray(0, bytesRead)
  }
}
