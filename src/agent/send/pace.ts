import type { Clock } from '../../platform/clock.ts'

/** While an upload with priority is under way, the others may send one byte for this many of its own. */
const PRIORITY_SHARE = 19
/** The others send a chunk at least this often: the center would take a longer silence for a broken line. */
const LONGEST_PAUSE_MS = 5000
const LOOK_AGAIN_MS = 20

interface Lane {
  readonly hasPriority: boolean
  readonly signal?: AbortSignal | undefined
}

/**
 * Limits the total rate of all uploads, so that the clinic's line stays usable, and lets uploads with priority pass the
 * others, which never stop altogether.
 */
export class Pace {
  readonly #clock: Clock
  readonly #bytesPerSecond: number
  #freeAtMs = 0
  #passing = 0
  /** Bytes that uploads without priority may still send while one with priority passes. */
  #allowedBytes = 0

  /** `Infinity` means no limit. */
  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock
    this.#bytesPerSecond = bytesPerSecond
  }

  /** An upload with priority is under way until this is disposed of. */
  pass(): Disposable {
    if (this.#passing === 0) this.#allowedBytes = 0
    this.#passing++
    return { [Symbol.dispose]: () => void this.#passing-- }
  }

  /** Passes chunks on, each when its turn has come. */
  async *through(chunks: AsyncIterable<Buffer>, { hasPriority, signal }: Lane): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      if (hasPriority) this.#allowedBytes += chunk.length / PRIORITY_SHARE
      else await this.#letPass(chunk.length, signal)
      const now = this.#clock.monotonicMs()
      const startMs = Math.max(now, this.#freeAtMs)
      this.#freeAtMs = startMs + (chunk.length / this.#bytesPerSecond) * 1000
      if (startMs > now) await this.#clock.sleep(startMs - now, signal)
      yield chunk
    }
  }

  async #letPass(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const sinceMs = this.#clock.monotonicMs()
    while (this.#passing > 0 && this.#allowedBytes < bytes) {
      if (this.#clock.monotonicMs() - sinceMs >= LONGEST_PAUSE_MS) return
      await this.#clock.sleep(LOOK_AGAIN_MS, signal)
    }
    if (this.#passing > 0) this.#allowedBytes -= bytes
  }
}
