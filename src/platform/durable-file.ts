import { randomBytes } from 'node:crypto'
import { closeSync, fsync, openSync } from 'node:fs'
import { type FileHandle, link, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { storageFailure } from './failure.ts'
import { retryWhileHeld } from './retry-while-held.ts'

/**
 * Makes the names in a folder durable (Linux: fsync of the folder). On Windows a folder cannot be synced (EPERM) and need
 * not be: NTFS writes the name of a new file together with its data when the file is synced.
 */
export async function syncFolder(folder: string | Buffer): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a name durable that a synced file got by rename or link. On Windows the file is synced again, and its name with it. */
async function syncName(path: string): Promise<void> {
  if (process.platform === 'win32') await syncFile(path)
  else await syncFolder(dirname(path))
}

/**
 * Writes all pieces, from `position` on or at the end of what this handle has written. The system may take fewer bytes than
 * it was given (on a nearly full disk); the rest is then written until all of it is in the file or the system reports an error.
 */
export async function writeAll(
  handle: FileHandle,
  pieces: readonly Uint8Array[],
  position?: number,
): Promise<void> {
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const { bytesWritten } = await handle.writev(pieces, position)
  if (bytesWritten === total) return
  const rest = Buffer.concat(pieces).subarray(bytesWritten)
  for (let done = 0; done < rest.length; ) {
    const at = position === undefined ? null : position + bytesWritten + done
    done += (await handle.write(rest, done, rest.length - done, at)).bytesWritten
  }
}

const PRIVATE = 0o600

/**
 * Writes a new small file so that it survives loss of power once this has returned: final name, data sync, folder sync.
 * Fails with EEXIST if the name is taken; on any failure the file is removed again, since after a failed sync the pages
 * count as clean and a second sync would lie.
 */
export async function writeDurably(
  path: string,
  content: string | Uint8Array,
  mode = PRIVATE,
): Promise<void> {
  const handle = await open(path, 'wx', mode).catch((error: unknown) => {
    throw storageFailure(error, `creating ${path}`)
  })
  try {
    // The umask must not remove rights that others need.
    if (mode !== PRIVATE) await handle.chmod(mode)
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
 * Creates a new small file that is never visible half written: a listing of the folder, in this process, in another one
 * or after a crash, shows the whole file or none. Fails with STORAGE_ERROR if the name is taken.
 */
export async function createDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.new`
  await writeDurably(draft, content, mode)
  try {
    await link(draft, path)
    await retryWhileHeld(() => unlink(draft))
    await syncName(path)
  } catch (error) {
    await unlink(draft).catch(() => {})
    throw storageFailure(error, `creating ${path}`)
  }
}

/**
 * Replaces the content of a file that people edit: mode and owner stay, and after any failure the file has either the
 * old content or the new. `check` sees the draft, next to the file, before it replaces it; if it throws, nothing
 * changes.
 */
export async function replaceDurably(
  path: string,
  content: string,
  check: (draft: string) => void,
): Promise<void> {
  const target = await realpath(path)
  const { mode, uid, gid } = await stat(target)
  const draft = `${target}.${randomBytes(4).toString('hex')}.new`
  await writeDurably(draft, content, 0o600)
  try {
    check(draft)
    if (process.platform !== 'win32') await keepOwner(draft, { mode, uid, gid })
    await retryWhileHeld(() => rename(draft, target))
    await syncName(target)
  } catch (error) {
    await unlink(draft).catch(() => {})
    throw storageFailure(error, `writing ${path}`)
  }
}

async function keepOwner(path: string, was: { mode: number; uid: number; gid: number }): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    const { uid, gid } = await handle.stat()
    if (uid !== was.uid || gid !== was.gid) await handle.chown(was.uid, was.gid)
    await handle.chmod(was.mode & 0o7777)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * A folder held open because its names are made durable often: {@link syncFolder} without opening it each time, and
 * without a sync if one for another name has been done meanwhile. That matters: ext4 answers the fsync of a folder with
 * a commit of its whole journal, which costs two device flushes.
 */
export class HeldFolder implements Disposable {
  readonly #descriptor: number | undefined
  #begun = 0
  /** The newest sync that has succeeded. */
  #done = 0

  /** Throws STORAGE_ERROR if the folder does not exist. */
  constructor(path: string) {
    try {
      if (process.platform !== 'win32') this.#descriptor = openSync(path, 'r')
    } catch (error) {
      throw storageFailure(error, `opening the folder ${path}`)
    }
  }

  /** Note it after a name was created: the syncs that begin later make it durable. */
  get syncsBegun(): number {
    return this.#begun
  }

  /** Makes a name durable that existed when `syncsBegun` was noted. */
  async sync(syncsBegun = Number.POSITIVE_INFINITY): Promise<void> {
    if (this.#done > syncsBegun) return
    this.#begun++
    const own = this.#begun
    if (this.#descriptor !== undefined) await fsyncDescriptor(this.#descriptor)
    this.#done = Math.max(this.#done, own)
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
