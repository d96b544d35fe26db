import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from '../../platform/sqlite.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import { segmentBytesNow, spoolFilesNow } from './spool/spool-names.ts'

/** The agent's queue as its files show it, whether the agent runs or not. */
export interface QueueInspection {
  /** Rows whose spool file must exist. */
  readonly present: number
  /** Sealed instances on the disk: files of their own, and rows whose segment is there and long enough. */
  readonly files: number
  /** ULIDs of rows whose file is missing, and about which no alarm exists yet. */
  readonly missing: readonly string[]
  /** Number of files that the index does not know; the next start takes them in. */
  readonly unknown: number
  /** Sealed bytes by state. */
  readonly waitingBytes: number
  readonly heldBytes: number
  readonly confirmedBytes: number
  /** Number of deliveries by state. */
  readonly deliveries: Readonly<Record<string, number>>
  readonly studies: Readonly<Record<string, number>>
  readonly schemaVersion: number
}

/** An index up to this size is read as a whole: a second or two. */
const CHECKED_BYTES = 64 * 1024 * 1024

/**
 * Compares index and spool, and changes neither. Returns undefined before the first start. Throws DATABASE_DAMAGED,
 * DATABASE_NEWER, DATABASE_ERROR, or the error of the file system.
 */
export function inspectQueue(dataFolder: string): QueueInspection | undefined {
  const path = join(dataFolder, 'queue.sqlite')
  if (!existsSync(path)) return undefined
  const database = Database.openToRead(path, join(import.meta.dirname, 'schema'))
  try {
    if (sizeOf(database) <= CHECKED_BYTES) database.check()
    return inspect(database, join(dataFolder, 'spool'))
  } finally {
    database.close()
  }
}

function inspect(database: Database, spool: string): QueueInspection {
  // The rows first: an instance that arrives meanwhile is then an unknown file, never a missing one.
  const rows = database.all<{ ulid: Ulid }>(PRESENT).map(({ ulid }) => ulid)
  const files = spoolFilesNow(spool)
  const inSegments = new Set(
    database
      .all<Recorded>(RECORDED)
      .filter(isThere(spool))
      .map(({ ulid }) => ulid),
  )
  const known = new Set(rows)
  const missing = rows.filter((ulid) => !files.has(ulid) && !inSegments.has(ulid))
  const bytes = database.all<{ state: string; count: number; bytes: number }>(BY_STATE)
  const studies = database.all<{ state: string; count: number }>(STUDIES)
  const bytesOf = (...states: string[]): number =>
    bytes.filter(({ state }) => states.includes(state)).reduce((sum, row) => sum + row.bytes, 0)
  return {
    present: rows.length,
    files: files.union(inSegments).size,
    // Retention may have removed some of them meanwhile.
    missing: missing.filter((ulid) => database.get(STILL_PRESENT, ulid) !== undefined),
    unknown: Array.from(files).filter((ulid) => !known.has(ulid)).length,
    waitingBytes: bytesOf('queued', 'sending', 'delivered'),
    heldBytes: bytesOf('held'),
    confirmedBytes: bytesOf('confirmed'),
    deliveries: Object.fromEntries(bytes.map(({ state, count }) => [state, count])),
    studies: Object.fromEntries(studies.map(({ state, count }) => [state, count])),
    schemaVersion: database.schemaVersion,
  }
}

/** A row of an instance in a segment. */
interface Recorded {
  readonly ulid: Ulid
  readonly segment: Ulid
  readonly end: number
}

function isThere(spool: string): (row: Recorded) => boolean {
  const sizes = new Map<Ulid, number>()
  return ({ segment, end }) => {
    const size = sizes.get(segment) ?? segmentBytesNow(spool, segment)
    sizes.set(segment, size)
    return size >= end
  }
}

function sizeOf(database: Database): number {
  const pages = database.get<{ page_count: number }>('PRAGMA page_count')?.page_count ?? 0
  return pages * (database.get<{ page_size: number }>('PRAGMA page_size')?.page_size ?? 0)
}

const PRESENT = 'SELECT ulid FROM instance WHERE removed_at IS NULL AND damage IS NULL'
const RECORDED = `
  SELECT i.ulid, s.name AS segment, i."offset" + i.sealed_bytes AS "end"
  FROM instance i JOIN segment s ON s.number = i.segment WHERE i.removed_at IS NULL`
const STILL_PRESENT = 'SELECT 1 FROM instance WHERE ulid = ? AND removed_at IS NULL AND damage IS NULL'
const BY_STATE = `
  SELECT d.state AS state, count(*) AS count, coalesce(sum(i.sealed_bytes), 0) AS bytes
  FROM delivery d JOIN instance i USING (ulid) WHERE i.removed_at IS NULL GROUP BY d.state`
const STUDIES = 'SELECT state, count(*) AS count FROM study GROUP BY state'
