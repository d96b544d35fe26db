import { readdirSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { storageFailure } from '../../../platform/failure.ts'
import { isUlid, type Ulid, ulidTime } from '../../../protocol/ulid.ts'
import { segmentFileName, segmentOfFile } from '../segments/segment-format.ts'

/** Number of folders of the spool. */
export const SHARDS = 32

const SUFFIX = '.ferry'
/** The file that marks a spool file which must not be sent (held-files.ts). */
const HELD_SUFFIX = '.held'

/** A name in the spool: a spool file, or its `.held` file. */
export interface SpoolEntry {
  readonly ulid: Ulid
  readonly kind: 'file' | 'held'
}

/** The folder of a name: the second in which it was made, so that instances that arrive together share one folder sync. */
export const shardOf = (ulid: Ulid): number => Math.floor(ulidTime(ulid) / 1000) % SHARDS

export const shardPath = (spool: string, shard: number): string =>
  join(spool, shard.toString(32).padStart(2, '0'))

/** The path of the file that holds this instance alone. */
export const filePath = (spool: string, ulid: Ulid): string =>
  join(shardPath(spool, shardOf(ulid)), ulid + SUFFIX)

/** While a file of this name exists, its instance must not be sent. */
export const heldPath = (spool: string, ulid: Ulid): string =>
  join(shardPath(spool, shardOf(ulid)), ulid + HELD_SUFFIX)

export const segmentFolder = (spool: string): string => join(spool, 'seg')

export const segmentPath = (spool: string, name: Ulid): string =>
  join(segmentFolder(spool), segmentFileName(name))

/** The segments of the spool, in the order in which they were made. Throws STORAGE_ERROR. */
export function segmentNames(spool: string): Ulid[] {
  const folder = segmentFolder(spool)
  try {
    return readdirSync(folder)
      .flatMap((file) => segmentOfFile(file) ?? [])
      .toSorted()
  } catch (error) {
    throw storageFailure(error, `listing ${folder}`)
  }
}

/** Length of a segment; 0 if it is gone. */
export function segmentBytesNow(spool: string, name: Ulid): number {
  return statSync(segmentPath(spool, name), { throwIfNoEntry: false })?.size ?? 0
}

/**
 * Lists folder after folder. A spool file and its `.held` file are in the same listing; files with other names are left
 * alone. Throws STORAGE_ERROR for a folder that cannot be listed: it is then unknown which files must not be sent.
 */
export async function* listShards(spool: string): AsyncGenerator<SpoolEntry[]> {
  for (let shard = 0; shard < SHARDS; shard++) {
    const folder = shardPath(spool, shard)
    const names = await readdir(folder).catch((error: unknown) => {
      throw storageFailure(error, `listing ${folder}`)
    })
    yield names.flatMap((name) => entryOf(name) ?? [])
  }
}

/** Returns the ULIDs of all spool files at once, for a look from outside. Throws the error of the file system. */
export function spoolFilesNow(spool: string): Set<Ulid> {
  const shards = readdirSync(spool).filter(isShardName)
  const entries = shards.flatMap((shard) => readdirSync(join(spool, shard)).map(entryOf))
  return new Set(entries.flatMap((entry) => (entry?.kind === 'file' ? [entry.ulid] : [])))
}

/** True if this folder was made a spool; a disk that is mounted there before the first start was not. */
export function isSpool(folder: string): boolean {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries.some((entry) => entry.isDirectory() && isShardName(entry.name))
}

const isShardName = (name: string): boolean => /^[0-9a-z]{2}$/.test(name)

function entryOf(name: string): SpoolEntry | undefined {
  for (const [suffix, kind] of ENTRY_KINDS) {
    const ulid = name.slice(0, -suffix.length)
    if (name.endsWith(suffix) && isUlid(ulid)) return { ulid, kind }
  }
  return undefined
}

const ENTRY_KINDS = [
  [SUFFIX, 'file'],
  [HELD_SUFFIX, 'held'],
] as const
