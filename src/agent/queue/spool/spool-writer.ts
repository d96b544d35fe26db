import { constants, type FileHandle, open, unlink } from 'node:fs/promises'
import { type HeldFolder, writeAll } from '../../../platform/durable-file.ts'
import { storageFailure } from '../../../platform/failure.ts'

/**
 * Number of bytes gathered before they are written in one call: most of an instance is written while the rest still
 * arrives.
 */
const GATHER_BYTES = 192 * 1024
/** Maximum number of bytes that wait for the running call. */
const WAITING_BYTES = 512 * 1024

/**
 * Writes one new file in the order in which bytes are given, and holds at most about 1 MiB. `finish` makes the data
 * durable (the group commit's folder sync makes the name durable). After any failure the file is removed: a failed sync
 * must never be repeated on the same file, since the kernel then counts its pages as written.
 */
export class SpoolWriter {
  readonly path: string
  /** {@link HeldFolder.syncsBegun} of its folder after its name was created. */
  syncsBegun = Number.POSITIVE_INFINITY
  readonly #opening: Promise<FileHandle>
  #handle: FileHandle | undefined
  #gathered: Buffer[] = []
  #gatheredBytes = 0
  #writing: Promise<void> | undefined
  #failure: Error | undefined
  #created = false

  private constructor(path: string, folder?: HeldFolder) {
    this.path = path
    const { O_CREAT, O_EXCL, O_WRONLY } = constants
    this.#opening = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o600).then((handle) => {
      this.#handle = handle
      this.#created = true
      if (folder !== undefined) this.syncsBegun = folder.syncsBegun
      return handle
    })
    this.#opening.catch(() => {})
  }

  /** Begins to create the file at once, so that it is there when the first bytes are. */
  static create(path: string, folder?: HeldFolder): SpoolWriter {
    return new SpoolWriter(path, folder)
  }

  /**
   * Takes blocks. A returned promise means that the disk is slower than the input: wait until it resolves. Rejects with
   * STORAGE_FULL or STORAGE_ERROR.
   */
  push(blocks: readonly Buffer[]): Promise<void> | undefined {
    for (const block of blocks) {
      this.#gathered.push(block)
      this.#gatheredBytes += block.length
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#gatheredBytes < GATHER_BYTES) return undefined
    if (this.#writing === undefined) {
      this.#writing = this.#flush()
      // A failure is kept in #failure and thrown at the next call, so this promise need not be awaited.
      this.#writing.catch(() => {})
      return undefined
    }
    if (this.#gatheredBytes < WAITING_BYTES) return undefined
    return this.#writing.then(() => this.push([]))
  }

  /**
   * Writes the rest, syncs the data, closes. Before that the file counts as never accepted. `meanwhile` is called
   * during the sync, which takes some ms in which nothing else happens for this instance.
   */
  async finish(meanwhile?: () => void): Promise<void> {
    try {
      await this.#writing
      while (this.#gathered.length > 0) await this.#flush()
      if (this.#failure !== undefined) throw this.#failure
      const handle = await this.#opening
      const synced = handle.datasync()
      meanwhile?.()
      await synced
      // Synced bytes are safe; closing the descriptor is not awaited.
      this.#handle = undefined
      void handle.close().catch(() => {})
    } catch (error) {
      await this.discard()
      throw storageFailure(error, `writing ${this.path}`)
    }
  }

  /** Removes the file, also after `finish`. Never throws: the next start finds a file that it could not remove. */
  async discard(): Promise<void> {
    this.#gathered = []
    this.#gatheredBytes = 0
    await this.#writing?.catch(() => {})
    await this.#opening.catch(() => {})
    await this.#handle?.close().catch(() => {})
    this.#handle = undefined
    if (this.#created) await unlink(this.path).catch(() => {})
    this.#created = false
  }

  async #flush(): Promise<void> {
    const blocks = this.#gathered
    this.#gathered = []
    this.#gatheredBytes = 0
    try {
      await writeAll(await this.#opening, blocks)
    } catch (error) {
      this.#failure = storageFailure(error, `writing ${this.path}`)
      throw this.#failure
    } finally {
      this.#writing = undefined
    }
  }
}
