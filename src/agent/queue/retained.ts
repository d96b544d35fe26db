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

  /** Those whose last confirmation is at or before `confirmedUntil`, ms since 1970. */
  due(confirmedUntil: number, limit: number): Ulid[] {
    return this.#database.all<{ ulid: Ulid }>(DUE, confirmedUntil, limit).map(({ ulid }) => ulid)
  }

  /** Written after the confirmation (which was FULL-committed) and before the unlink, which may be lost harmlessly. */
  markRemoved(ulids: readonly Ulid[]): void {
    this.#database.durably(() => {
      for (const ulid of ulids) {
        this.#database.run('UPDATE instance SET removed_at = ? WHERE ulid = ?', this.#clock.now(), ulid)
      }
    })
  }
}

const DUE = `
  SELECT i.ulid FROM instance i WHERE i.removed_at IS NULL
    AND EXISTS (SELECT 1 FROM delivery d WHERE d.ulid = i.ulid)
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.ulid = i.ulid
      AND (d.state <> 'confirmed' OR d.changed_at > ?))
  ORDER BY i.ulid LIMIT ?`
