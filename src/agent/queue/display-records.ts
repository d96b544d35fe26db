import type { DisplayAttributes } from '../../dicom/display-attributes.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'
import { displaySchema } from '../../protocol/control-api.ts'
import type { DisplayKey } from './display-key.ts'

/** `lost`: there is a record, and the key that sealed it is gone. */
export type DisplayRecord = { attributes: DisplayAttributes } | 'lost'

/**
 * What a person recognizes studies by. The database holds ciphertext only; with the display key lost it holds nothing,
 * and with the index lost neither does it: then a study is known by its UID.
 */
export class DisplayRecords {
  readonly #database: Database
  readonly #key: DisplayKey
  readonly #clock: Clock

  constructor(database: Database, key: DisplayKey, clock: Clock) {
    this.#database = database
    this.#key = key
    this.#clock = clock
  }

  /**
   * What to write down for a study of which an instance comes in, sealed; undefined where nothing is new. What the first
   * instances said stays; later ones fill in what they lacked.
   */
  seal(studyInstanceUid: string, attributes: DisplayAttributes): Buffer | undefined {
    if (studyInstanceUid === '' || Object.keys(attributes).length === 0) return undefined
    const record = this.get(studyInstanceUid)
    const before = record === undefined || record === 'lost' ? {} : record.attributes
    const all = { ...attributes, ...before }
    if (Object.keys(all).length === Object.keys(before).length) return undefined
    return this.#key.seal(JSON.stringify(all), studyInstanceUid)
  }

  /** Undefined where nothing was kept, or no longer. */
  get(studyInstanceUid: string): DisplayRecord | undefined {
    const sql = 'SELECT sealed FROM display_record WHERE study_instance_uid = ?'
    const row = this.#database.get<{ sealed: Buffer }>(sql, studyInstanceUid)
    if (row === undefined) return undefined
    const text = this.#key.open(row.sealed, studyInstanceUid)
    const attributes = text === undefined ? undefined : displaySchema.safeParse(JSON.parse(text)).data
    return attributes === undefined ? 'lost' : { attributes }
  }

  /** Writes down, before any name leaves, who is shown names whole; `studyInstanceUid` undefined for a list. */
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

  /** How often names were shown whole, and when last (ms since 1970). */
  timesShown(): { times: number; lastAt: number | null } {
    const sql = 'SELECT count(*) AS times, max(at) AS lastAt FROM names_shown'
    return this.#database.get<{ times: number; lastAt: number | null }>(sql) ?? { times: 0, lastAt: null }
  }
}
