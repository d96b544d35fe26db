import type { Database } from '../../platform/sqlite.ts'
import { REQUEST_KINDS } from '../../protocol/control-api.ts'
import type { Ulid } from '../../protocol/ulid.ts'

/**
 * Records of studies without spool files: rows of instances, deliveries and findings, and the newest manifests with
 * their receipts. A study is deleted as a whole, in slices: rows that a crash or a power cut leaves are deleted later.
 */
export class Records {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** Returns a study without any file since `until` (by the time of retention); undefined if there is none. */
  due(until: number): string | undefined {
    return this.#database.get<{ uid: string }>(DUE, until)?.uid
  }

  /**
   * Deletes at most `limit` instances of a study that is due, and with the last one the study. Returns true if more is
   * left.
   */
  forgetSome(studyInstanceUid: string, until: number, limit: number): boolean {
    return this.#database.transaction(() => {
      // New instances of the study may have arrived since, or another destination may not have all of it.
      if (this.#database.get(IS_BUSY, studyInstanceUid, until) !== undefined)
        return this.#putOff(studyInstanceUid)
      const ulids = this.#database.all<{ ulid: Ulid }>(SOME, studyInstanceUid, limit).map(({ ulid }) => ulid)
      const chosen = JSON.stringify(ulids)
      if (this.#database.get(IS_ASKED_ABOUT, chosen) !== undefined) return this.#putOff(studyInstanceUid)
      for (const sql of FORGET_INSTANCES) this.#database.run(sql, chosen)
      if (ulids.length === limit) return true
      // If the center has lost an instance, the device can repair that by sending it again: its record is kept.
      if (this.#database.get(IS_ANY_LEFT, studyInstanceUid) !== undefined)
        return this.#putOff(studyInstanceUid, PUT_OFF_LONG)
      for (const sql of FORGET_STUDY) this.#database.run(sql, studyInstanceUid)
      return false
    })
  }

  /** Restarts the time now, or when the next file of the study is removed. */
  #putOff(studyInstanceUid: string, sql = PUT_OFF): false {
    this.#database.run(sql, studyInstanceUid)
    return false
  }
}

const IS_SETTLED = "records_since IS NOT NULL AND state = 'confirmed' AND pacs_waiting = 0"
const DUE = `
  SELECT study_instance_uid AS uid FROM study INDEXED BY study_records WHERE ${IS_SETTLED} AND records_since <= ?
  ORDER BY records_since LIMIT 1`
const OF_STUDY = 'destination IN (SELECT destination FROM study_total) AND study_instance_uid = ?'
const IS_BUSY = `SELECT 1 FROM study WHERE ${OF_STUDY} AND NOT (${IS_SETTLED} AND records_since <= ?) LIMIT 1`
/** A device waits for the answer to a request for storage commitment, which is derived from these rows. */
const IS_ASKED_ABOUT = `
  SELECT 1 FROM instance i CROSS JOIN commitment_reference r USING (sop_instance_uid)
  WHERE i.ulid IN (SELECT value FROM json_each(?))
    AND (SELECT state FROM commitment c WHERE c.id = r.commitment) = 'open' LIMIT 1`
const SOME = `
  SELECT ulid FROM instance INDEXED BY instance_by_study
  WHERE study_instance_uid = ? AND removed_at IS NOT NULL AND kept_from IS NOT NULL LIMIT ?`
const FORGET_INSTANCES = ['finding', 'delivery', 'instance'].map(
  (table) => `DELETE FROM ${table} WHERE ulid IN (SELECT value FROM json_each(?))`,
)
const IS_ANY_LEFT = 'SELECT 1 FROM instance INDEXED BY instance_by_study WHERE study_instance_uid = ? LIMIT 1'
const FORGET_STUDY = [
  ...['manifest', 'study'].map((table) => `DELETE FROM ${table} WHERE ${OF_STUDY}`),
  // The primary key begins with the kind.
  `DELETE FROM failed_request WHERE kind IN ('${REQUEST_KINDS.join("', '")}') AND subject = ?`,
]
const PUT_OFF = `
  UPDATE study SET records_since = coalesce((SELECT elapsed_ms FROM retention_time), 0)
  WHERE ${OF_STUDY} AND records_since IS NOT NULL`
const PUT_OFF_LONG = `UPDATE study SET records_since = NULL WHERE ${OF_STUDY}`
