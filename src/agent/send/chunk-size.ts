/** A half-open line is detected after 60 s of silence: on the slowest usable line, a chunk must be complete by then. */
const LEAST_BYTES = 4 * 1024
const FIRST_BYTES = 16 * 1024
/** Target duration of a chunk. */
const AIM_MS = 10_000
/**
 * Target duration of a chunk that urgent images may have to wait for: what the system's buffers hold of it goes before
 * them. Such a chunk is not made smaller than `BRIEF_BYTES` for this: on a long way only the answer takes that time.
 */
const BRIEF_MS = 500
const BRIEF_BYTES = 256 * 1024
const GROWTH = 8

/**
 * Size of one request of an upload: the number of bytes that the line recently moved in some ten seconds. The progress
 * of a chunk is not visible here (the system's buffers take megabytes at once), only its acknowledgement; so chunks
 * must be small on a slow line, or a working line looks dead. On a good line few large ones cost least.
 */
export class ChunkSize {
  readonly #mostBytes: number
  readonly #isBrief: boolean
  #bytes: number

  /**
   * @param mostBytes maximum size of a chunk, and so of the bytes that are sent twice after a break
   * @param isBrief true if urgent images may have to pass
   */
  constructor(mostBytes: number, isBrief = false) {
    this.#mostBytes = mostBytes
    this.#isBrief = isBrief
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
    const fitting = this.#fitting(bytes / Math.max(1, ms))
    const isFull = bytes >= this.#bytes
    if (isFull || fitting > this.#bytes) this.#set(Math.min(fitting, this.#bytes * GROWTH))
  }

  /** Records that a chunk did not get through. */
  broke(): void {
    this.#set(this.#bytes / 4)
  }

  #fitting(bytesPerMs: number): number {
    const most = Math.round(bytesPerMs * AIM_MS)
    return this.#isBrief ? Math.min(most, Math.max(BRIEF_BYTES, Math.round(bytesPerMs * BRIEF_MS))) : most
  }

  #set(bytes: number): void {
    this.#bytes = Math.min(this.#mostBytes, Math.max(LEAST_BYTES, Math.round(bytes)))
  }
}
