import type { Ulid } from '../../../protocol/ulid.ts'
import { type ImageMemory, ImagePieces } from './image-memory.ts'
import type { SpoolWriter } from './spool-writer.ts'

/**
 * An instance on its way into the spool. Its sealed bytes are kept in memory; an instance that is too long for that is
 * written into a file of its own from then on. Until it is accepted, one in memory has never touched the disk.
 */
export class SpoolDraft {
  readonly ulid: Ulid
  readonly #createFile: () => SpoolWriter
  readonly #pieces: ImagePieces
  #file: SpoolWriter | undefined

  /** `createFile` begins the file of its own. */
  constructor(ulid: Ulid, memory: ImageMemory, createFile: () => SpoolWriter) {
    this.ulid = ulid
    this.#pieces = new ImagePieces(memory)
    this.#createFile = createFile
  }

  /** All bytes, if they are in memory; good until {@link release}. */
  get image(): readonly Buffer[] | undefined {
    return this.#file === undefined ? this.#pieces.all : undefined
  }

  /** {@link SpoolWriter.syncsBegun} of its own file. */
  get syncsBegun(): number {
    return this.#file?.syncsBegun ?? Number.POSITIVE_INFINITY
  }

  /**
   * Takes blocks. A returned promise means that the disk is slower than the input: wait until it resolves. Rejects with
   * STORAGE_FULL or STORAGE_ERROR.
   */
  push(blocks: readonly Buffer[]): Promise<void> | undefined {
    if (this.#file === undefined && this.#pieces.add(blocks)) return undefined
    return this.ownFile().push(blocks)
  }

  /** From here on it is a file of its own, whatever its length. */
  ownFile(): SpoolWriter {
    if (this.#file !== undefined) return this.#file
    const file = this.#createFile()
    this.#file = file
    // Copied: a file is written behind the input, and the memory is needed by others.
    const begun = Buffer.concat(this.#pieces.all)
    this.#pieces.giveBack()
    // A failure is kept by the writer and thrown at the next call.
    if (begun.length > 0) file.push([begun])?.catch(() => {})
    return file
  }

  /** Ends the use of memory once its bytes are in a segment. */
  release(): void {
    this.#pieces.giveBack()
  }

  /** Never throws. */
  async discard(): Promise<void> {
    this.#pieces.giveBack()
    await this.#file?.discard()
  }
}
