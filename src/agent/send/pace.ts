import type { Clock } from '../../platform/clock.ts'

/** Limits the total rate of all uploads, so that the clinic's line stays usable. */
export class Pace {
  readonly #clock: Clock
  readonly #bytesPerSecond: number
  #freeAtMs = 0

  /** `Infinity` means no limit. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
  }

  /** Passes chunks on, each when its turn has come. */
  async *through(chunks: AsyncIterable<Buffer>, signal?: AbortSignal): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      const now = this.#clock.monotonicMs()
      const startMs = Math.max(now, this.#freeAtMs)
      this.#freeAtMs = startMs + (chunk.length / this.#bytesPerSecond) * 1000
      if (startMs > now) await this.#clock.sleep(startMs - now, signal)
      yield chunk
    }
  }
}
