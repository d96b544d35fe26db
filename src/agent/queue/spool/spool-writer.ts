import { constants, type FileHandle, open, unlink } from 'node:fs/promises'
import { type HeldFolder, writeAll } from '../../../platform/durable-file.ts'
import { storageFailure } from '../../../platform/failure.ts'

/** So much is gathered before it goes to the file in one call: most of an instance is written while the rest still comes. */
const GATHER_BYTES = 192 * 1024
/** So much may wait for the call under way. */
const WAITING_BYTES = 512 * 1024

/**
 * Writes one new file in the order in which bytes are given, without holding more than about 1 MiB. `complete` makes the
 * data durable (the name is made durable by the folder sync of the group commit). After any failure the file is removed:
 * a failed sync must never be tried again on the same file, since the kernel then counts its pages as written.
 */
export class SpoolWriter {
  readonly path: string
  /** {@link HeldFolder.syncsBegun} of its folder when its name had been made. */
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
   * Takes blocks. A promise means that the disk is behind: give nothing more until it resolves. Rejects with
   * STORAGE_FULL or STORAGE_ERROR.
   */
  write(blocks: readonly Buffer[]): Promise<void> | undefined {
    for (const block of blocks) {
      this.#gathered.push(block)
      this.#gatheredBytes += block.length
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#gatheredBytes < GATHER_BYTES) return undefined
    if (this.#writing === undefined) {
      this.#writing = this.#flush()
      // A failure is kept in #failure and told at the next call, so this promise may go unawaited.
      this.#writing.catch(() => {})
      return undefined
    }
    if (this.#gatheredBytes < WAITING_BYTES) return undefined
    return this.#writing.then(() => this.write([]))
  }

  /**
   * Writes the rest, syncs the data, closes. Until then the file counts as never accepted. `meanwhile` is called when the
   * sync is under way, some ms in which nothing else is to be done for this instance.
   */
  async complete(meanwhile?: () => void): Promise<void> {
    try {
      await this.#writing
      while (this.#gathered.length > 0) await this.#flush()
      if (this.#failure !== undefined) throw this.#failure
      const handle = await this.#opening
      const synced = handle.datasync()
      meanwhile?.()
      await synced
      // Synced bytes are safe; nothing waits until the descriptor is closed.
      this.#handle = undefined
      void handle.close().catch(() => {})
    } catch (error) {
      await this.discard()
      throw storageFailure(error, `writing ${this.path}`)
    }
  }

  /** Leaves nothing behind, also after `complete`. Never throws: what it could not remove is found at the next start. */
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
