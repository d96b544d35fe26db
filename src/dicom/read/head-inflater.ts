import { constants, inflateRawSync } from 'node:zlib'
import { Failure } from '../../platform/failure.ts'

const FIRST_TRY_BYTES = 1024

/**
 * Inflates the beginning of a raw deflate stream while it comes in. Node's synchronous functions cannot continue where
 * they stopped, so each try begins again, with twice the input of the previous one: at most double work in all. At most
 * `limitBytes` are held of the input, and of the output: deflate expands a byte to at most 1000.
 */
export class HeadInflater {
  readonly #limitBytes: number
  #input: Buffer = Buffer.alloc(FIRST_TRY_BYTES)
  #inputBytes = 0
  #triedBytes = 0
  #outputBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /**
   * Passes newly inflated bytes to `take`, until that returns true: enough. Throws DATA_SET_UNREADABLE for bytes that
   * are not deflated, for output beyond the limit, and at the limit for too little output: a stream that has ended, or
   * consists of empty blocks, would otherwise be awaited without end.
   */
  push(chunk: Buffer, take: (inflated: Buffer) => boolean): void {
    this.#keep(chunk.subarray(0, this.#limitBytes - this.#inputBytes))
    for (let next = this.#nextTry(); next <= this.#inputBytes; next = this.#nextTry()) {
      if (take(this.#inflate(next))) return
    }
    if (this.#inputBytes < this.#limitBytes || this.flush(take)) return
    throw unreadable(`its first ${this.#limitBytes} bytes do not hold all four UIDs`)
  }

  /** Inflates the bytes that wait for the next try; returns true if `take` has enough. */
  flush(take: (inflated: Buffer) => boolean): boolean {
    return this.#triedBytes < this.#inputBytes && take(this.#inflate(this.#inputBytes))
  }

  /** Copies, into memory that doubles: a list of chunks would cost a hundred times their bytes if each had one. */
  #keep(part: Buffer): void {
    const end = this.#inputBytes + part.length
    if (end > this.#input.length) {
      const larger = Buffer.alloc(Math.max(end, this.#input.length * 2))
      this.#input.copy(larger, 0, 0, this.#inputBytes)
      this.#input = larger
    }
    part.copy(this.#input, this.#inputBytes)
    this.#inputBytes = end
  }

  #nextTry(): number {
    return Math.max(FIRST_TRY_BYTES, this.#triedBytes * 2)
  }

  #inflate(inputBytes: number): Buffer {
    this.#triedBytes = inputBytes
    const output = inflateBegin(this.#input.subarray(0, inputBytes), this.#limitBytes)
    const more = output.subarray(this.#outputBytes)
    this.#outputBytes = output.length
    return more
  }
}

function inflateBegin(input: Buffer, limitBytes: number): Buffer {
  try {
    return inflateRawSync(input, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: limitBytes })
  } catch (error) {
    const found = isTooLarge(error)
      ? `its beginning inflates to more than ${limitBytes} bytes`
      : 'it is not deflated data'
    throw unreadable(found, error)
  }
}

function unreadable(found: string, cause?: unknown): Failure {
  return new Failure('DATA_SET_UNREADABLE', `inflating a data set: ${found}`, { cause })
}

function isTooLarge(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
  )
}
