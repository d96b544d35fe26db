import type { Clock } from '../../platform/clock.ts'
import type { Failure } from '../../platform/failure.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { Ulid } from '../../protocol/ulid.ts'

/** An instance that is not confirmed everywhere: its spool file is still needed. */
export interface NeededFile {
  ulid: Ulid
  sealedBytes: number
  sealedSha256: string
}

/**
 * Spool files that are missing or differ from what was sealed. Such an instance is never sent: it is held, its file
 * stays in its place, and an alarm is shown (Alarms.list) until the instance is confirmed or the device has sent
 * it again.
 */
export class Damage {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Stores the damage and returns the instances for which it is new and whose file is still needed. */
  record(found: readonly { ulid: Ulid; failure: Failure }[]): Ulid[] {
    if (found.length === 0) return []
    const now = this.#clock.now()
    return this.#database.durably(() => {
      const isNew = found.filter(
        ({ ulid, failure }) => this.#database.run(RECORD, now, failure.code, ulid) > 0,
      )
      for (const { ulid, failure } of isNew)
        this.#database.run(HOLD, now, failure.code, failure.message, ulid)
      return isNew.map(({ ulid }) => ulid)
    })
  }

  /** Returns those of these instances that are not confirmed everywhere. */
  needed(ulids: readonly Ulid[]): Ulid[] {
    return ulids.filter((ulid) => this.#database.get(NEEDED, ulid) !== undefined)
  }

  /** Instances after `last`, in the order of arrival, whose file was found to be missing. */
  missingAfter(last: string, limit: number): Ulid[] {
    return this.#database.all<{ ulid: Ulid }>(MISSING, last, limit).map(({ ulid }) => ulid)
  }

  /**
   * Files that were missing (because a volume was not mounted, for example) exist again: instances held for that reason
   * are queued again.
   */
  foundAgain(files: readonly Ulid[]): void {
    if (files.length === 0) return
    this.#database.durably(() => {
      for (const ulid of files) {
        this.#database.run('UPDATE instance SET damaged_at = NULL, damage = NULL WHERE ulid = ?', ulid)
        this.#database.run(RELEASE, this.#clock.now(), ulid)
      }
    })
  }

  /** Returns the files of unknown content from an earlier start that may have been accepted. */
  doubtful(): Set<string> {
    return new Set(
      this.#database.all<{ ulid: string }>('SELECT ulid FROM doubtful_file').map(({ ulid }) => ulid),
    )
  }

  /** Sets the files that {@link doubtful} returns; an alarm is shown while there are any. */
  keepDoubtful(ulids: readonly Ulid[]): void {
    const [known, now] = [this.doubtful(), this.#clock.now()]
    if (known.size === ulids.length && ulids.every((ulid) => known.has(ulid))) return
    this.#database.durably(() => {
      this.#database.run(
        'DELETE FROM doubtful_file WHERE ulid NOT IN (SELECT value FROM json_each(?))',
        JSON.stringify(ulids),
      )
      for (const ulid of ulids)
        this.#database.run('INSERT OR IGNORE INTO doubtful_file VALUES (?, ?)', ulid, now)
    })
  }

  /** The first instance after `ulid`, in the order of arrival, whose file is still needed and not known to be bad. */
  nextNeeded(after: string): NeededFile | undefined {
    return this.#database.get<NeededFile>(NEXT_NEEDED, after)
  }
}

const IS_UNCONFIRMED = `
  EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_unconfirmed WHERE d.ulid = i.ulid AND d.state <> 'confirmed')`
const RECORD = `
  UPDATE instance AS i SET damaged_at = ?, damage = ?
  WHERE i.ulid = ? AND i.damage IS NULL AND i.superseded_by IS NULL AND ${IS_UNCONFIRMED}`
const HOLD = `
  UPDATE delivery INDEXED BY delivery_unconfirmed SET state = 'held', changed_at = ?, reason_code = ?, reason = ?
  WHERE ulid = ? AND state <> 'confirmed' AND state = 'queued'`
const NEEDED =
  "SELECT 1 FROM delivery INDEXED BY delivery_unconfirmed WHERE ulid = ? AND state <> 'confirmed'"
const MISSING = `
  SELECT ulid FROM instance WHERE damage = 'SPOOL_FILE_MISSING' AND superseded_by IS NULL AND ulid > ?
  ORDER BY ulid LIMIT ?`
const RELEASE = `
  UPDATE delivery INDEXED BY delivery_unconfirmed
  SET state = 'queued', changed_at = ?, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE ulid = ? AND state <> 'confirmed' AND state = 'held' AND reason_code = 'SPOOL_FILE_MISSING'`
const NEXT_NEEDED = `
  SELECT i.ulid, i.sealed_bytes AS sealedBytes, i.sealed_sha256 AS sealedSha256
  FROM delivery d INDEXED BY delivery_unconfirmed JOIN instance i USING (ulid)
  WHERE d.state <> 'confirmed' AND d.ulid > ? AND i.damage IS NULL AND i.removed_at IS NULL
  ORDER BY d.ulid LIMIT 1`
