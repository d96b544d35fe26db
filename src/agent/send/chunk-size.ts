/** A half-open line is detected after 60 s of silence: on the slowest usable line, a chunk must be complete by then. */
const LEAST_BYTES = 4 * 1024
const FIRST_BYTES = 16 * 1024
/** Target duration of a chunk. */
const AIM_MS = 10_000
const GROWTH = 8

/**
 * Size of one request of an upload: the number of bytes that the line recently moved in some ten seconds. The progress
 * of a chunk is not visible here (the system's buffers take megabytes at once), only its acknowledgement; so chunks
 * must be small on a slow line, or a working line looks dead. On a good line few large ones cost least.
 */
export class ChunkSize {
  readonly #mostBytes: number
  #bytes: number

  /** `mostBytes`: maximum size of a chunk, and so of the bytes that are sent twice after a break. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
    this.#bytes = Math.min(FIRST_BYTES, mostBytes)
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * Records that a chunk of `bytes` was acknowledged after `ms`. The last chunk of a pack may be too small to reveal a
   * slow line.
   */
  took(bytes: number, ms: number): void {
    const fitting = Math.round((bytes * AIM_MS) / Math.max(1, ms))
    const isFull = bytes >= this.#bytes
    if (isFull || fitting > this.#bytes) this.#set(Math.min(fitting, this.#bytes * GROWTH))
  }

  /** Records that a chunk did not get through. */
  broke(): void {
    this.#set(this.#bytes / 4)
  }

  #set(bytes: number): void {
    this.#bytes = Math.min(this.#mostBytes, Math.max(LEAST_BYTES, Math.round(bytes)))
  }
}
