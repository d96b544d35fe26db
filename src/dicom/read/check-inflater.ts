import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { systemCode } from '../../platform/failure.ts'

/**
 * Deflate expands a byte to at most 1000: beyond this the stream is given up, so that 8 MB of input never cost hours.
 */
const OUTPUT_LIMIT_BYTES = 4 * 1024 ** 3

/** The end of the stream: 'broken' is not deflated data, 'cut' ends too early, 'excessive' exceeds the limit. */
type InflatedEnd = 'whole' | 'broken' | 'cut' | 'excessive'

/**
 * Inflates a raw deflate stream (RFC 1951; PS3.5 §A.5) as it streams past, some 16 KiB at a time, and keeps none of it.
 */
export class CheckInflater {
  readonly #inflate: InflateRaw
  readonly #ended = Promise.withResolvers<InflatedEnd>()
  #outputBytes = 0
  /** Ends the wait for the current chunk: after an error zlib does not call back. */
  #passedOn = (): void => {}

  constructor(take: (inflated: Buffer) => void) {
    this.#inflate = createInflateRaw()
    this.#inflate.on('data', (inflated: Buffer) => this.#pass(inflated, take))
    this.#inflate.on('end', () => this.#ended.resolve('whole'))
    this.#inflate.on('error', (error) =>
      this.#ended.resolve(systemCode(error) === 'Z_BUF_ERROR' ? 'cut' : 'broken'),
    )
    this.#inflate.on('close', () => this.#passedOn())
  }

  /** Copies the chunk; resolves when it has been passed on, so that no more than one waits. */
  push(chunk: Buffer): Promise<void> {
    if (this.#inflate.destroyed || this.#inflate.writableEnded) return Promise.resolve()
    return new Promise((resolve) => {
      this.#passedOn = resolve
      this.#inflate.write(Buffer.from(chunk), () => resolve())
    })
  }

  finish(): Promise<InflatedEnd> {
    if (!this.#inflate.destroyed) this.#inflate.end()
    return this.#ended.promise
  }

  /** Frees the memory of a stream that will not be finished. */
  discard(): void {
    this.#inflate.destroy()
    this.#ended.resolve('cut')
  }

  #pass(inflated: Buffer, take: (inflated: Buffer) => void): void {
    this.#outputBytes += inflated.length
    if (this.#outputBytes <= OUTPUT_LIMIT_BYTES) return take(inflated)
    this.#ended.resolve('excessive')
    this.#inflate.destroy()
  }
}
