import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, stat, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../platform/durable-file.ts'
import { storageFailure, systemCode } from '../../platform/failure.ts'

/** Packs while they arrive and until their members are stored: one file each, named by the upload. */
export class PackStore {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<PackStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw storageFailure(error, `making ${folder}`)
    })
    return new PackStore(folder)
  }

  /** Returns how much of it has arrived: the file's size is the offset, before and after a crash. */
  async size(uploadId: string): Promise<number> {
    try {
      return (await stat(this.#path(uploadId))).size
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return 0
      throw storageFailure(error, 'looking at a pack')
    }
  }

  /** Opens it to be written on. */
  openToWrite(uploadId: string): Promise<FileHandle> {
    return this.#open(uploadId, constants.O_WRONLY | constants.O_CREAT)
  }

  openToRead(uploadId: string): Promise<FileHandle> {
    return this.#open(uploadId, constants.O_RDONLY)
  }

  /**
   * Makes bytes and name of a whole pack durable. After a failure the file is removed: its pages cannot be trusted
   * again.
   */
  async sync(uploadId: string, handle: FileHandle): Promise<void> {
    try {
      await handle.datasync()
      await syncFolder(this.#folder)
    } catch (error) {
      await this.remove(uploadId)
      throw storageFailure(error, 'making a pack durable')
    }
  }

  /** Never throws: a file that stays is removed at the next start. */
  async remove(uploadId: string): Promise<void> {
    await unlink(this.#path(uploadId)).catch(() => {})
  }

  async list(): Promise<string[]> {
    return readdir(this.#folder).catch((error: unknown) => {
      throw storageFailure(error, 'listing the packs')
    })
  }

  async freeBytes(): Promise<number> {
    try {
      const { bavail, bsize } = await statfs(this.#folder)
      return bavail * bsize
    } catch (error) {
      throw storageFailure(error, 'looking at the disk of the packs')
    }
  }

  async #open(uploadId: string, flags: number): Promise<FileHandle> {
    return open(this.#path(uploadId), flags, 0o600).catch((error: unknown) => {
      throw storageFailure(error, 'opening a pack')
    })
  }

  /** Upload ids are ULIDs that the center made, and found in its register. */
  #path(uploadId: string): string {
    return join(this.#folder, uploadId)
  }
}
