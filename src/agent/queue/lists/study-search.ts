import type { Database } from '../../../platform/sqlite.ts'

/** States of a delivery that is not confirmed. */
const OPEN_STATES = ['queued', 'sending', 'delivered', 'held'] as const

type State = (typeof OPEN_STATES)[number] | 'confirmed'

/** A study in the order of the last arrivals. */
export interface StudyPlace {
  readonly lastArrivedAt: number
  readonly studyInstanceUid: string
}

interface FoundStudy extends StudyPlace {
  readonly state: string
}

/** An unconfirmed instance, and its study. */
interface Unconfirmed {
  readonly ulid: string
  readonly studyInstanceUid: string
}

/** The oldest instance of a study that is not confirmed. */
interface WaitingRow {
  readonly oldestUlid: string
  readonly oldestAt: number
  readonly state: State
  readonly attempts: number
  readonly nextAttemptAt: number
  readonly reasonCode: string | null
  readonly reason: string | null
}

/** Walks over studies in slices, each by a range of an index: a slice costs the same however many studies there are. */
export class StudySearch {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** The next studies before a place, the latest arrival first; without those that arrived last before `from`. */
  before(destination: string, place: StudyPlace, from: number, limit: number): FoundStudy[] {
    const { lastArrivedAt, studyInstanceUid } = place
    return this.#database.all<FoundStudy>(BEFORE, destination, from, lastArrivedAt, studyInstanceUid, limit)
  }

  /** AE titles of the senders of a study's first and last instance. */
  devicesOf(studyInstanceUid: string): string[] {
    const ends = [FIRST_DEVICE, LAST_DEVICE].map((sql) =>
      this.#database.get<{ device: string }>(sql, studyInstanceUid),
    )
    return [...new Set(ends.flatMap((row) => (row === undefined ? [] : [row.device])))]
  }

  /** The next unconfirmed instances after a ULID, the oldest first. */
  unconfirmedAfter(destination: string, ulid: string, limit: number): Unconfirmed[] {
    return this.#database.all<Unconfirmed>(UNCONFIRMED, destination, ulid, limit)
  }

  /** The study's oldest unconfirmed instance; undefined if all are confirmed. */
  oldestOf(destination: string, studyInstanceUid: string): WaitingRow | undefined {
    const ulids = OPEN_STATES.flatMap((state) => {
      const row = this.#database.get<{ ulid: string | null }>(
        FIRST_OF_STATE,
        destination,
        studyInstanceUid,
        state,
      )
      return row === undefined || row.ulid === null ? [] : [row.ulid]
    })
    const [oldest] = ulids.toSorted()
    return oldest === undefined ? undefined : this.#database.get<WaitingRow>(WAITING_ROW, destination, oldest)
  }

  /** Instances of a study by state; a range of the index. */
  countsOf(destination: string, studyInstanceUid: string): Record<State, number> {
    const counts = { queued: 0, sending: 0, delivered: 0, confirmed: 0, held: 0 }
    for (const { state, n } of this.#database.all<{ state: State; n: number }>(
      COUNTS,
      destination,
      studyInstanceUid,
    ))
      counts[state] = n
    return counts
  }

  /** Sealed bytes of a study's unconfirmed instances. */
  waitingBytesOf(destination: string, studyInstanceUid: string): number {
    return this.#database.get<{ bytes: number }>(BYTES, destination, studyInstanceUid)?.bytes ?? 0
  }

  /** When the newest manifest of a study was signed: all its instances were at the center then. */
  listedAt(destination: string, studyInstanceUid: string): number | null {
    return this.#database.get<{ at: number }>(LISTED_AT, destination, studyInstanceUid)?.at ?? null
  }
}

const BEFORE = `
  SELECT study_instance_uid AS studyInstanceUid, last_arrived_at AS lastArrivedAt, state
  FROM study INDEXED BY study_by_arrival
  WHERE destination = ? AND last_arrived_at >= ? AND (last_arrived_at, study_instance_uid) < (?, ?)
  ORDER BY last_arrived_at DESC, study_instance_uid DESC LIMIT ?`
const ONE_DEVICE = `
  SELECT calling_ae_title AS device FROM instance INDEXED BY instance_by_study WHERE study_instance_uid = ?`
const FIRST_DEVICE = `${ONE_DEVICE} ORDER BY rowid LIMIT 1`
const LAST_DEVICE = `${ONE_DEVICE} ORDER BY rowid DESC LIMIT 1`
const UNCONFIRMED = `
  SELECT ulid, study_instance_uid AS studyInstanceUid FROM delivery INDEXED BY delivery_unconfirmed
  WHERE state <> 'confirmed' AND destination = ? AND ulid > ? ORDER BY ulid LIMIT ?`
const FIRST_OF_STATE = `
  SELECT min(ulid) AS ulid FROM delivery INDEXED BY delivery_by_study
  WHERE destination = ? AND study_instance_uid = ? AND state = ?`
const WAITING_ROW = `
  SELECT d.ulid AS oldestUlid, i.arrived_at AS oldestAt, d.state, d.attempts, d.next_attempt_at AS nextAttemptAt,
    d.reason_code AS reasonCode, d.reason
  FROM delivery d JOIN instance i USING (ulid) WHERE d.destination = ? AND d.ulid = ?`
const COUNTS = `
  SELECT state, count(*) AS n FROM delivery INDEXED BY delivery_by_study
  WHERE destination = ? AND study_instance_uid = ? GROUP BY state`
const BYTES = `
  SELECT coalesce(sum(i.sealed_bytes), 0) AS bytes
  FROM delivery d INDEXED BY delivery_by_study JOIN instance i USING (ulid)
  WHERE d.destination = ? AND d.study_instance_uid = ? AND d.state IN ('queued', 'sending', 'delivered', 'held')`
const LISTED_AT = `
  SELECT m.created_at AS at FROM study s JOIN manifest m USING (destination, study_instance_uid, version)
  WHERE s.destination = ? AND s.study_instance_uid = ? ORDER BY m.part DESC LIMIT 1`
