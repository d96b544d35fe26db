import type { DisplayAttributes, DisplayField } from '../../../dicom/find/display-attributes.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Database } from '../../../platform/sqlite.ts'
import { type DisplayNamesState, displaySchema } from '../../../protocol/display-api.ts'
import { filingOf } from '../../../protocol/study-key.ts'
import type { DisplayKey } from './display-key.ts'

/** True if names are kept, otherwise the reason. */
export interface DisplayNames {
  readonly state: DisplayNamesState
  /** Undefined if no names are kept. */
  readonly key?: DisplayKey
}

/** `lost`: a record exists, but the key that sealed it is gone. */
type DisplayRecord = { attributes: DisplayAttributes } | 'lost'

/** Display attributes of an incoming instance; their text is read only if one of them is new. */
export interface FoundAttributes {
  readonly fields: readonly DisplayField[]
  readonly attributes: () => DisplayAttributes
}

/**
 * Attributes by which a person recognizes studies. The database holds ciphertext only. Without a display key nothing is stored and
 * nothing is shown: a study is then known by its UID.
 */
export class DisplayRecords {
  readonly #database: Database
  /** True if names are kept, otherwise the reason. */
  readonly state: DisplayNamesState
  readonly #key: DisplayKey | undefined
  readonly #clock: Clock
  /** The record that was opened last: instances of a study arrive one after the other. */
  #last: { studyInstanceUid: string; sealed: Buffer; record: DisplayRecord } | undefined

  constructor(database: Database, { state, key }: DisplayNames, clock: Clock) {
    this.#database = database
    this.state = state
    this.#key = key
    this.#clock = clock
  }

  get areKept(): boolean {
    return this.#key !== undefined
  }

  /**
   * Returns the sealed record to store for the study of an incoming instance, or undefined if nothing is new. Values of the
   * first instances are kept; later ones fill in missing values.
   */
  seal(studyInstanceUid: string, found: FoundAttributes): Buffer | undefined {
    if (this.#key === undefined || found.fields.length === 0) return undefined
    // A filing may hold instances of several patients.
    if (studyInstanceUid === '' || filingOf(studyInstanceUid) !== undefined) return undefined
    const record = this.get(studyInstanceUid)
    const before = record === undefined || record === 'lost' ? {} : record.attributes
    if (found.fields.every((field) => before[field] !== undefined)) return undefined
    return this.#key.seal(JSON.stringify({ ...found.attributes(), ...before }), studyInstanceUid)
  }

  /** Returns undefined if no record was kept, or records are no longer kept. */
  get(studyInstanceUid: string): DisplayRecord | undefined {
    const key = this.#key
    if (key === undefined) return undefined
    const sql = 'SELECT sealed FROM display_record WHERE study_instance_uid = ?'
    const row = this.#database.get<{ sealed: Buffer }>(sql, studyInstanceUid)
    if (row === undefined) return undefined
    const last = this.#last
    if (last?.studyInstanceUid === studyInstanceUid && last.sealed.equals(row.sealed)) return last.record
    const record = openRecord(key, studyInstanceUid, row.sealed)
    this.#last = { studyInstanceUid, sealed: row.sealed, record }
    return record
  }

  /** Removes every record, from the database's log too, and returns how many there were. */
  removeAll(): number {
    const count = this.#database.durably(() => this.#database.run('DELETE FROM display_record'))
    if (count > 0) this.#database.emptyLog()
    return count
  }

  /** Records who is shown full names, before any name is shown; `studyInstanceUid` is undefined for a list. */
  noteShown(osUser: string, studyInstanceUid: string | undefined): void {
    this.#database.durably(() =>
      this.#database.run(
        'INSERT INTO names_shown VALUES (?, ?, ?)',
        this.#clock.now(),
        osUser,
        studyInstanceUid ?? null,
      ),
    )
  }

  /** How often full names were shown, and when last (ms since 1970). */
  timesShown(): { times: number; lastAt: number | null } {
    const sql = 'SELECT count(*) AS times, max(at) AS lastAt FROM names_shown'
    return this.#database.get<{ times: number; lastAt: number | null }>(sql) ?? { times: 0, lastAt: null }
  }
}

function openRecord(key: DisplayKey, studyInstanceUid: string, sealed: Buffer): DisplayRecord {
  const text = key.open(sealed, studyInstanceUid)
  const attributes = text === undefined ? undefined : displaySchema.safeParse(JSON.parse(text)).data
  return attributes === undefined ? 'lost' : { attributes }
}
