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

const DUE = `
  SELECT ulid FROM instance INDEXED BY instance_retained
  WHERE kept_from IS NOT NULL AND removed_at IS NULL AND kept_from <= ? ORDER BY kept_from, ulid LIMIT ?`
