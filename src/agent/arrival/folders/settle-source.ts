import { lstat, mkdir, rename, unlink } from 'node:fs/promises'
import { syncFolder } from '../../../platform/durable-file.ts'
import { systemCode } from '../../../platform/failure.ts'
import { retryWhileHeld } from '../../../platform/retry-while-held.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import { isSameContent, lookOf } from './file-look.ts'
import { baseName } from './shown-path.ts'
import { below, type SweptFile } from './sweep.ts'

const ASIDE = /^\.ferry-([0-9A-Z]{26})$/

/** The ULID in the name of a file that is being deleted; undefined for other names. */
export function asideUlid(path: Buffer): string | undefined {
  return ASIDE.exec(baseName(path).toString('latin1'))?.[1]
}

/** A file that was taken, and whose source may go. */
export interface Source {
  /** Without symbolic links. */
  readonly root: Buffer
  readonly file: SweptFile
  readonly ulid: Ulid
  readonly isNetwork: boolean
}

/**
 * Deletes a file that was taken. It is first put aside under a name of ours and compared with what was taken: a program
 * may have put another file in its place at this very moment, and that one is put back. Returns false then. After a crash
 * the next sweep finds the file that was put aside. Throws errors of the file system.
 */
export async function deleteSource(source: Source): Promise<boolean> {
  const { root, file, ulid } = source
  const path = below(root, file.path)
  const aside = below(folderOf(path), Buffer.from(`.ferry-${ulid}`))
  await retryWhileHeld(() => rename(path, aside))
  if (!(await isWhatWasTaken(aside, source))) {
    await putBack(aside, path)
    return false
  }
  await retryWhileHeld(() => unlink(aside))
  await syncFolder(folderOf(path))
  return true
}

/** Deletes a file that was put aside before a crash, or gives it a name under which it is taken as a new file. */
export async function endDeletion(
  { root, file, isNetwork }: Omit<Source, 'ulid'>,
  look: string | undefined,
): Promise<void> {
  const path = below(root, file.path)
  const isTaken = look !== undefined && isSameContent(lookOf(file, isNetwork), look)
  if (isTaken) await retryWhileHeld(() => unlink(path))
  else await putBack(path, Buffer.concat([folderOf(path), Buffer.from(`/recovered-${asideUlid(file.path)}`)]))
}

/**
 * Moves a file that was taken to the same place below `target`, which is on the same file system. Another file of that name
 * is kept: the moved one gets its ULID as well. Returns false if another file was there by then; it is back at its place.
 */
export async function moveSource(source: Source, target: string): Promise<boolean> {
  const { root, file, ulid } = source
  const path = below(root, file.path)
  const wanted = below(Buffer.from(target), file.path)
  await mkdir(folderOf(wanted), { recursive: true, mode: 0o750 })
  const to = (await isThere(wanted)) ? Buffer.concat([wanted, Buffer.from(`.${ulid}`)]) : wanted
  await retryWhileHeld(() => rename(path, to))
  if (!(await isWhatWasTaken(to, source))) {
    await putBack(to, path)
    return false
  }
  await syncFolder(folderOf(to))
  await syncFolder(folderOf(path))
  return true
}

async function isWhatWasTaken(path: Buffer, { file, isNetwork }: Source): Promise<boolean> {
  const stats = await lstat(path, { bigint: true })
  return isSameContent(lookOf({ path, stats }, isNetwork), lookOf(file, isNetwork))
}

/** If the name is taken again meanwhile, another one is found: no file is overwritten. */
async function putBack(from: Buffer, to: Buffer): Promise<void> {
  let name = to
  for (let number = 2; await isThere(name); number++) name = Buffer.concat([to, Buffer.from(`-${number}`)])
  await retryWhileHeld(() => rename(from, name))
}

const folderOf = (path: Buffer): Buffer => path.subarray(0, Math.max(1, path.lastIndexOf(0x2f)))

async function isThere(path: Buffer): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false
    throw error
  }
}
