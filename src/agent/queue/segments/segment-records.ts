import type { Database } from '../../../platform/sqlite.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import { BLOCK_BYTES } from './segment-format.ts'
import type { SegmentEnd } from './segment-log.ts'

/** The row of a segment. */
export interface SegmentRow {
  readonly number: number
  readonly name: Ulid
  /** All records before this offset have rows, or need none: the mark. */
  readonly indexedTo: number
  /** Nothing from here on counts: a sync failed. */
  readonly endsAt: number | null
  /** Since when retention removes instances from it. */
  readonly removedSince: number | null
}

/** The place of an instance in a segment. */
interface RowPlace {
  readonly segment: Ulid
  readonly offset: number
  readonly sealedBytes: number
  readonly sealedSha256: string
}

/** The rows of segments, and the places of instances in them. */
export class SegmentRecords {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  all(): SegmentRow[] {
    return this.#database.all<SegmentRow>(ALL)
  }

  get(name: Ulid): SegmentRow | undefined {
    return this.#database.get<SegmentRow>(ONE, name)
  }

  /** Returns undefined for an instance in a file of its own, or one that has no row. */
  placeOf(ulid: Ulid): RowPlace | undefined {
    return this.#database.get<RowPlace>(PLACE, ulid)
  }

  /** Instances of the segment that are still there, in the order of their records; at most `limit`. */
  present(name: Ulid, limit: number): Ulid[] {
    return this.#database.all<{ ulid: Ulid }>(PRESENT, name, limit).map(({ ulid }) => ulid)
  }

  /** Segments of which no instance is needed. */
  empty(): SegmentRow[] {
    return this.#database.all<SegmentRow>(EMPTY)
  }

  /** {@link present} without instances that are known to be damaged. */
  movable(name: Ulid, limit: number): Ulid[] {
    return this.#database.all<{ ulid: Ulid }>(MOVABLE, name, limit).map(({ ulid }) => ulid)
  }

  /** Sealed bytes of the instances of the segment that are still there. */
  presentBytes(name: Ulid): number {
    return this.#database.get<{ bytes: number }>(PRESENT_BYTES, name)?.bytes ?? 0
  }

  /** Returns true for an instance that has a row, whatever became of it. */
  hasRow(ulid: Ulid): boolean {
    return this.#database.get('SELECT 1 FROM instance WHERE ulid = ?', ulid) !== undefined
  }

  /** Moves the mark: all records before it have rows. */
  mark({ segment, end }: SegmentEnd): void {
    setMark(this.#database, { segment, end })
  }

  /** Records durably that nothing from `end` on counts in this segment. */
  noteEnd({ segment, end }: SegmentEnd): void {
    this.#database.durably(() => {
      numberOf(this.#database, segment)
      this.#database.run('UPDATE segment SET ends_at = ? WHERE name = ?', end, segment)
    })
  }

  /** Records durably that the instance is in a file of its own now. */
  movedOut(ulid: Ulid): void {
    this.#database.durably(() => {
      this.#database.run('UPDATE instance SET segment = NULL, "offset" = NULL WHERE ulid = ?', ulid)
    })
  }

  /** Forgets a segment whose file is gone. */
  forget(name: Ulid): void {
    this.#database.run('DELETE FROM segment WHERE name = ?', name)
  }
}

/** Within a transaction: moves the mark of a segment forward. */
export function setMark(database: Database, { segment, end }: SegmentEnd): void {
  numberOf(database, segment)
  database.run('UPDATE segment SET indexed_to = max(indexed_to, ?) WHERE name = ?', end, segment)
}

/** Within a transaction: returns the number of the segment, which gets a row if it has none. */
export function numberOf(database: Database, name: Ulid): number {
  database.run('INSERT OR IGNORE INTO segment (name, indexed_to) VALUES (?, ?)', name, BLOCK_BYTES)
  return database.get<{ number: number }>('SELECT number FROM segment WHERE name = ?', name)?.number ?? 0
}

const COLUMNS = `number, name, indexed_to AS indexedTo, ends_at AS endsAt, removed_since AS removedSince`
const ALL = `SELECT ${COLUMNS} FROM segment ORDER BY name`
const ONE = `SELECT ${COLUMNS} FROM segment WHERE name = ?`
const EMPTY = `
  SELECT ${COLUMNS} FROM segment s WHERE NOT EXISTS (
    SELECT 1 FROM instance i INDEXED BY instance_in_segment
    WHERE i.segment = s.number AND i.segment IS NOT NULL AND i.removed_at IS NULL)
  ORDER BY name`
const PLACE = `
  SELECT s.name AS segment, i."offset", i.sealed_bytes AS sealedBytes, i.sealed_sha256 AS sealedSha256
  FROM instance i JOIN segment s ON s.number = i.segment WHERE i.ulid = ?`
const THERE = `
  FROM instance i INDEXED BY instance_in_segment
  WHERE i.segment = (SELECT number FROM segment WHERE name = ?) AND i.segment IS NOT NULL AND i.removed_at IS NULL`
const PRESENT = `SELECT i.ulid ${THERE} ORDER BY i."offset" LIMIT ?`
const MOVABLE = `SELECT i.ulid ${THERE} AND i.damage IS NULL ORDER BY i."offset" LIMIT ?`
const PRESENT_BYTES = `SELECT coalesce(sum(i.sealed_bytes), 0) AS bytes ${THERE}`
