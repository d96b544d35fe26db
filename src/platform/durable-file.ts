import { closeSync, fsync, openSync } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { storageFailure } from './failure.ts'

/**
 * Makes the names in a folder durable (Linux: fsync of the folder). On Windows a folder cannot be synced and need not be:
 * Ferry never renames, and a new file's name is written with its data.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a new small file so that it survives loss of power once this has returned: final name, data sync, folder sync.
 * Fails with EEXIST if the name is taken; on any failure the file is removed again, since after a failed sync the pages
 * count as clean and a second sync would lie.
 */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const handle = await open(path, 'wx', mode).catch((error: unknown) => {
    throw storageFailure(error, `creating ${path}`)
  })
  try {
    await handle.writeFile(content)
    await handle.datasync()
    await handle.close()
    await syncFolder(dirname(path))
  } catch (error) {
    await handle.close().catch(() => {})
    await unlink(path).catch(() => {})
    throw storageFailure(error, `writing ${path}`)
  }
}

/**
 * A folder held open because its names are made durable often: {@link syncFolder} without opening it each time.
 */
export class HeldFolder implements Disposable {
  readonly #descriptor: number | undefined

  /** Throws STORAGE_ERROR where there is no such folder. */
  constructor(path: string) {
    try {
      if (process.platform !== 'win32') this.#descriptor = openSync(path, 'r')
    } catch (error) {
      throw storageFailure(error, `opening the folder ${path}`)
    }
  }

  async sync(): Promise<void> {
    if (this.#descriptor !== undefined) await fsyncDescriptor(this.#descriptor)
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
  }
}

const fsyncDescriptor = promisify(fsync)

/** Makes the data of an existing file durable. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.datasync()
  } finally {
    await handle.close()
  }
}
