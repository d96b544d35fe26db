import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { Ulid } from '../../protocol/ulid.ts'

/** Instances that every destination has confirmed and whose spool file is still kept. */
export class Retained {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Those that are kept from `keptUntil` or before on, by the time of retention. */
  due(keptUntil: number, limit: number): Ulid[] {
    return this.#database.all<{ ulid: Ulid }>(DUE, keptUntil, limit).map(({ ulid }) => ulid)
  }

  /** Written after the confirmation (which was FULL-committed) and before the unlink, which may be lost harmlessly. */
  markRemoved(ulids: readonly Ulid[]): void {
    if (ulids.length === 0) return
    this.#database.durably(() => {
      for (const ulid of ulids) {
        this.#database.run('UPDATE instance SET removed_at = ? WHERE ulid = ?', this.#clock.now(), ulid)
      }
    })
  }
}

/** Of a superseded file the one that took its place decides. No delivery at all: max() is NULL, and never due. */
const DUE = `
  SELECT i.ulid FROM instance i INDEXED BY instance_present WHERE i.removed_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_unconfirmed
      WHERE d.ulid = coalesce(i.superseded_by, i.ulid) AND d.state <> 'confirmed')
    AND (SELECT max(d.kept_from) FROM delivery d WHERE d.destination IN (SELECT destination FROM delivery_total)
      AND d.ulid = coalesce(i.superseded_by, i.ulid)) <= ?
  ORDER BY i.ulid LIMIT ?`
