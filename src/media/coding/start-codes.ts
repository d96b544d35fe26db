/** Bytes that a reader of a unit needs after the start code, if there are that many. */
const LOOK_BYTES = 256

/** Packets are small, and are looked at together. */
const BATCH_BYTES = 64 * 1024

const PREFIX = Buffer.from([0, 0, 1])

/**
 * Finds the units of an elementary stream of MPEG-2 or H.264, which begin with 00 00 01, while it comes in. `take` gets the
 * first bytes of each unit after the prefix: at most 256, fewer if the next unit or the end comes before.
 */
export class StartCodes {
  readonly #take: (unit: Buffer) => void
  /** Bytes that were not looked at, or not to their end. */
  #pieces: Buffer[] = []
  #bytes = 0

  constructor(take: (unit: Buffer) => void) {
    this.#take = take
  }

  push(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes < BATCH_BYTES) return
    const all = Buffer.concat(this.#pieces)
    const rest = all.subarray(this.#scan(all, all.length - LOOK_BYTES))
    this.#pieces = [rest]
    this.#bytes = rest.length
  }

  finish(): void {
    const all = Buffer.concat(this.#pieces)
    this.#scan(all, all.length)
  }

  /** Gives out units that begin before `limit`; returns the place from which bytes are still needed. */
  #scan(all: Buffer, limit: number): number {
    let at = all.indexOf(PREFIX)
    while (at !== -1 && at + 3 < limit) {
      const next = all.indexOf(PREFIX, at + 3)
      const end = Math.min(next === -1 ? all.length : next, at + 3 + LOOK_BYTES)
      this.#take(all.subarray(at + 3, end))
      at = next
    }
    return at === -1 ? Math.max(0, all.length - 2) : at
  }
}
