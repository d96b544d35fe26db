import type { BigIntStats, Dir } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { systemCode } from '../../../platform/failure.ts'
import { isRealPath } from './real-path.ts'

/** A regular file below the root. */
export interface SweptFile {
  /** The bytes of its path below the root, names separated by `/`. */
  readonly path: Buffer
  readonly stats: BigIntStats
}

/** A name below the root that could not be looked at. */
interface SweepTrouble {
  readonly path: Buffer
  readonly error: unknown
}

interface SweepOptions {
  /** Returns true for files and folders that are left out. */
  readonly skip: (path: Buffer) => boolean
  readonly signal: AbortSignal
}

const SLASH = Buffer.from('/')
/** Deeper folders are left out: a device does not nest them so, and a loop of mounts has no end. */
const DEEPEST = 40
/** Looked at together: the threads that do this sync the spool as well. */
const TOGETHER = 4
/** Names that are read at once. */
const NAMES = 256

/**
 * Finds the regular files below a folder, breadth first. Names are bytes: those in GBK or broken ones are found like all
 * others. Symbolic links, FIFOs, sockets and devices are left out, and nothing outside the root is reached. Memory does not
 * grow with the number of files. Throws if the root cannot be read.
 */
export async function* sweep(
  root: Buffer,
  { skip, signal }: SweepOptions,
): AsyncGenerator<SweptFile | SweepTrouble> {
  const folders: { path: Buffer; depth: number }[] = [{ path: Buffer.alloc(0), depth: 0 }]
  for (let next = folders.shift(); next !== undefined; next = folders.shift()) {
    const { path: folder, depth } = next
    try {
      for await (const batch of batches(await openBelow(root, folder))) {
        const looked = await Promise.all(batch.map((name) => look(root, below(folder, name), skip)))
        if (signal.aborted) return
        for (const found of looked) {
          if (found === undefined) continue
          if ('error' in found || found.stats.isFile()) yield found
          else if (found.stats.isDirectory() && depth < DEEPEST)
            folders.push({ path: found.path, depth: depth + 1 })
        }
      }
    } catch (error) {
      if (folder.length === 0) throw error
      if (systemCode(error) !== 'ENOENT') yield { path: folder, error }
    }
  }
}

/** The path of something below the root. */
export function below(folder: Buffer, name: Buffer): Buffer {
  return folder.length === 0 ? name : Buffer.concat([folder, SLASH, name])
}

/** Opens a folder below the root; throws if a symbolic link has taken its place since it was found. */
async function openBelow(root: Buffer, folder: Buffer): Promise<Dir> {
  const path = below(root, folder)
  if (folder.length > 0 && !(await isRealPath(path)))
    throw Object.assign(new Error('the folder was replaced'), { code: 'ELOOP' })
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node gives names as bytes; its types do not know that
  return await opendir(path, { encoding: 'buffer' as BufferEncoding, bufferSize: NAMES })
}

async function* batches(folder: Dir): AsyncGenerator<Buffer[]> {
  let batch: Buffer[] = []
  for await (const { name } of folder) {
    const bytes: unknown = name
    if (!Buffer.isBuffer(bytes)) continue
    batch.push(bytes)
    if (batch.length < TOGETHER) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Returns undefined for what is left out, and for a name that has gone meanwhile. */
async function look(
  root: Buffer,
  path: Buffer,
  skip: SweepOptions['skip'],
): Promise<SweptFile | SweepTrouble | undefined> {
  if (skip(path)) return undefined
  try {
    return { path, stats: await lstat(below(root, path), { bigint: true }) }
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? undefined : { path, error }
  }
}
