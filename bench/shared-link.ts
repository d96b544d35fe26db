import { setTimeout as delay } from 'node:timers/promises'

const PIECE_BYTES = 64 * 1024

/** A line of a certain rate that several senders share: each piece waits until those before it have gone. */
export class SharedLink {
  readonly #bytesPerSecond: number
  #freeAtMs = 0

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond
  }

  async *carry(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.subarray(at, at + PIECE_BYTES)
        const now = performance.now()
        this.#freeAtMs = Math.max(now, this.#freeAtMs) + (piece.length * 1000) / this.#bytesPerSecond
        // A timer takes a millisecond at least: shorter waits are made up for by the next ones.
        if (this.#freeAtMs - now >= 1) await delay(this.#freeAtMs - now)
        yield piece
      }
    }
  }
}
