import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { ManifestInstance } from '../../protocol/manifest.ts'
import type { Ulid } from '../../protocol/ulid.ts'

export interface RetainedCopy {
  readonly ulid: Ulid
  readonly sealedBytes: number
  /** 1: it has a file of its own. */
  readonly isAlone: number
}

/** Instances that every destination has confirmed and whose spool file is still kept. */
export class Retained {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Returns instances kept since `keptUntil` or earlier, by the time of retention; the oldest first. */
  due(keptUntil: number, limit: number): Ulid[] {
    return this.oldest(keptUntil, limit).map(({ ulid }) => ulid)
  }

  /** Returns the same with their sizes. */
  oldest(keptUntil: number, limit: number): RetainedCopy[] {
    return this.#database.all<RetainedCopy>(DUE, keptUntil, limit)
  }

  /** Their number and their sealed bytes. */
  total(): { instances: number; bytes: number } {
    return this.#database.get<{ instances: number; bytes: number }>(TOTAL) ?? { instances: 0, bytes: 0 }
  }

  /** Returns these instances in the form of a manifest. */
  listed(ulids: readonly Ulid[]): ManifestInstance[] {
    return this.#database.all<ManifestInstance>(LISTED, JSON.stringify(ulids))
  }

  /**
   * Records the removal after the confirmation (which was FULL-committed) and before the unlink; this record may be
   * lost harmlessly.
   */
  markRemoved(ulids: readonly Ulid[]): void {
    if (ulids.length === 0) return
    this.#database.durably(() => {
      for (const ulid of ulids) {
        this.#database.run('UPDATE instance SET removed_at = ? WHERE ulid = ?', this.#clock.now(), ulid)
        this.#database.run(REMOVED_FROM, this.#clock.now(), ulid)
      }
    })
  }
}

const DUE = `
  SELECT ulid, sealed_bytes AS sealedBytes, segment IS NULL AS isAlone FROM instance INDEXED BY instance_retained
  WHERE kept_from IS NOT NULL AND removed_at IS NULL AND kept_from <= ? ORDER BY kept_from, ulid LIMIT ?`
const REMOVED_FROM = `
  UPDATE segment SET removed_since = coalesce(removed_since, ?)
  WHERE number = (SELECT segment FROM instance WHERE ulid = ?)`
const TOTAL = 'SELECT instances, bytes FROM retained_total'
const LISTED = `
  SELECT ulid, sop_instance_uid AS sopInstanceUid, transfer_syntax_uid AS transferSyntaxUid,
    data_set_bytes AS dataSetBytes, data_set_sha256 AS dataSetSha256, sealed_bytes AS sealedBytes,
    sealed_sha256 AS sealedSha256
  FROM instance WHERE ulid IN (SELECT value FROM json_each(?))`
