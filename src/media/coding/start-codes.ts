/** Bytes that a reader of a unit needs after the start code, if there are that many. */
const LOOK_BYTES = 256

/** Packets are small, and are looked at together. */
const BATCH_BYTES = 64 * 1024

const PREFIX = Buffer.from([0, 0, 1])

/**
 * Finds the units of an elementary stream of MPEG-2 or H.264, which begin with 00 00 01, while it comes in. `take` gets the
 * first bytes of each unit after the prefix: at most 256, fewer if the next unit or the end comes before. They are valid
 * during the call.
 */
export class StartCodes {
  readonly #take: (unit: Buffer) => void
  /** Bytes that were not looked at, or not to their end. */
  readonly #batch = Buffer.alloc(BATCH_BYTES)
  #length = 0

  constructor(take: (unit: Buffer) => void) {
    this.#take = take
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const copied = bytes.copy(this.#batch, this.#length, at)
      at += copied
      this.#length += copied
      if (this.#length === BATCH_BYTES) this.#flush()
    }
  }

  finish(): void {
    this.#scan(this.#batch.subarray(0, this.#length), this.#length)
  }

  #flush(): void {
    const kept = this.#scan(this.#batch, BATCH_BYTES - LOOK_BYTES)
    this.#batch.copyWithin(0, kept)
    this.#length = BATCH_BYTES - kept
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
