/** Blocks of this size hold sealed images until they are written. */
const SLAB_BYTES = 1024 * 1024
/** Maximum for all instances that arrive at the same time; the others become files of their own. */
const MOST_SLABS = 64
/** Blocks kept for the next instances. */
const KEPT_SLABS = 4
/** A longer instance becomes a file of its own. */
const LONGEST_IN_SEGMENT = 4 * SLAB_BYTES

/**
 * Memory for sealed images, used again and again: the cipher's own buffers, kept for some ms each, would outlive the
 * young generation if several instances are under way, and only full collections would free them.
 */
export class ImageMemory {
  readonly #free: Buffer[] = []
  #taken = 0

  /** Returns undefined if too many instances are under way. */
  take(): Buffer | undefined {
    if (this.#taken >= MOST_SLABS) return undefined
    this.#taken++
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
  }

  giveBack(slabs: readonly Buffer[]): void {
    this.#taken -= slabs.length
    for (const slab of slabs) if (this.#free.length < KEPT_SLABS) this.#free.push(slab)
  }
}

/** The sealed bytes of one instance, copied as they come. */
export class ImagePieces {
  readonly #memory: ImageMemory
  readonly #slabs: Buffer[] = []
  #bytes = 0

  constructor(memory: ImageMemory) {
    this.#memory = memory
  }

  /** Copies these blocks. Returns false, and takes none of them, if the instance is too long or the memory is used up. */
  add(blocks: readonly Buffer[]): boolean {
    const bytes = blocks.reduce((sum, block) => sum + block.length, 0)
    if (this.#bytes + bytes > LONGEST_IN_SEGMENT) return false
    while (this.#slabs.length * SLAB_BYTES < this.#bytes + bytes) {
      const slab = this.#memory.take()
      if (slab === undefined) return false
      this.#slabs.push(slab)
    }
    for (const block of blocks) this.#copy(block)
    return true
  }

  /** All bytes, in order; good until {@link giveBack}. */
  get all(): Buffer[] {
    const used = Math.ceil(this.#bytes / SLAB_BYTES)
    return this.#slabs.slice(0, used).map((slab, i) => slab.subarray(0, this.#bytes - i * SLAB_BYTES))
  }

  /** Ends the use of the memory: the bytes are written, or not needed. */
  giveBack(): void {
    this.#memory.giveBack(this.#slabs.splice(0))
    this.#bytes = 0
  }

  #copy(block: Buffer): void {
    for (let from = 0; from < block.length; ) {
      const slab = this.#slabs[Math.floor(this.#bytes / SLAB_BYTES)]
      const copied = slab === undefined ? 0 : block.copy(slab, this.#bytes % SLAB_BYTES, from)
      from += copied
      this.#bytes += copied
    }
  }
}
