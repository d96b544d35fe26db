import { lstat } from 'node:fs/promises'
import { systemCode } from '../../../platform/failure.ts'
import { pathKeyOf } from './file-look.ts'
import { below, type SweptFile, sweep } from './sweep.ts'

interface WaitingPlaces {
  /** Without symbolic links. */
  readonly root: Buffer
  readonly secret: Buffer
  readonly folder: string
  /** The path at which the last sweep has seen the file, if it remembers it. */
  readonly known: Buffer | undefined
}

/** Finds a file by the digest of its path: the ledger has no names. Returns undefined if it is gone. */
export async function findWaiting(
  pathKey: Buffer,
  { root, secret, folder, known }: WaitingPlaces,
): Promise<SweptFile | undefined> {
  if (known !== undefined) return await lookAt(root, known)
  const options = { skip: () => false, signal: new AbortController().signal }
  for await (const found of sweep(root, options))
    if (!('error' in found) && pathKeyOf(secret, folder, found.path).equals(pathKey)) return found
  return undefined
}

async function lookAt(root: Buffer, path: Buffer): Promise<SweptFile | undefined> {
  try {
    const stats = await lstat(below(root, path), { bigint: true })
    return stats.isFile() ? { path, stats } : undefined
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
