import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { RequestKind } from '../../protocol/control-api.ts'
import type { Alarm } from './alarms.ts'

/** Requests of one kind that fail with one code. */
interface FailedGroup {
  kind: RequestKind
  reasonCode: string
  /** The reason, the number of attempts and the next time (ms since 1970) of the one that is tried next. */
  reason: string
  attempts: number
  nextAttemptAt: number
  /** How many studies or questions fail so. */
  count: number
  /** When the first of them failed. */
  since: number
}

/**
 * Records which requests to the center fail now, why, since when, and when each is tried again. A record ends with the
 * first success. It is not shown while its request is not to be made, as for a study that got new instances.
 */
export class FailedRequests {
  readonly #database: Database
  readonly #clock: Clock
  /** Keys of requests whose last answer may have been a failure; undefined until they were read. */
  #failing: Set<string> | undefined

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Records a failure about `subject`: a study, or the path of a question about many. */
  failed(kind: RequestKind, subject: string, failure: Failure, nextAttemptAt: number): void {
    const { code, message } = failure
    this.#writeDown(() => {
      this.#keys().add(keyOf(kind, subject))
      this.#database.run(FAILED, kind, subject, this.#clock.now(), nextAttemptAt, code, message)
    })
  }

  /** Costs nothing for a request that did not fail before. */
  succeeded(kind: RequestKind, subject: string): void {
    const key = keyOf(kind, subject)
    this.#writeDown(() => {
      if (!this.#keys().has(key)) return
      this.#database.run('DELETE FROM failed_request WHERE kind = ? AND subject = ?', kind, subject)
      this.#keys().delete(key)
    })
  }

  /** Returns the failing requests that have no alarm of their own, by kind and code. */
  groups(destination: string): FailedGroup[] {
    return this.#database.all<FailedGroup>(GROUPS, destination)
  }

  /** Returns the request that an alarm of this code and subject is about; undefined if it is about none. */
  ofAlarm(
    destination: string,
    { code, subject }: Pick<Alarm, 'code' | 'subject'>,
  ): { kind: RequestKind; attempts: number; nextAttemptAt: number } | undefined {
    return this.#database.get(OF_ALARM, destination, subject, code)
  }

  /** A record that is only shown may be missing while the disk is full, which is shown itself. */
  #writeDown(write: () => void): void {
    try {
      write()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
  }

  #keys(): Set<string> {
    if (this.#failing === undefined) {
      const rows = this.#database.all<{ kind: RequestKind; subject: string }>(
        'SELECT kind, subject FROM failed_request',
      )
      this.#failing = new Set(rows.map(({ kind, subject }) => keyOf(kind, subject)))
    }
    return this.#failing
  }
}

const keyOf = (kind: RequestKind, subject: string): string => `${kind} ${subject}`

const FAILED = `
  INSERT INTO failed_request VALUES (?, ?, ?, 1, ?, ?, ?)
  ON CONFLICT DO UPDATE SET attempts = attempts + 1, next_attempt_at = excluded.next_attempt_at,
    reason_code = excluded.reason_code, reason = excluded.reason`
/** The request is still to be made: its study waits for it. */
const IS_DUE = `
  CASE r.kind
    WHEN 'pack' THEN EXISTS (SELECT 1 FROM pack p
      WHERE p.destination = d.destination AND p.study_instance_uid = r.subject)
    WHEN 'receipt' THEN EXISTS (SELECT 1 FROM study s
      WHERE s.destination = d.destination AND s.study_instance_uid = r.subject AND s.state = 'closed')
    WHEN 'pacs' THEN EXISTS (SELECT 1 FROM study s WHERE s.destination = d.destination
      AND s.study_instance_uid = r.subject AND s.state = 'confirmed' AND s.pacs_waiting = 1)
    ELSE 1 END`
const DUE = `(SELECT ? AS destination) d CROSS JOIN failed_request r WHERE ${IS_DUE}`
const GROUPS = `
  SELECT kind, reason_code AS reasonCode, reason, attempts, next_attempt_at AS nextAttemptAt, count, first AS since
  FROM (SELECT r.*, count(*) OVER same AS count, min(since) OVER same AS first,
      row_number() OVER (same ORDER BY next_attempt_at) AS place
    FROM ${DUE} AND NOT EXISTS (SELECT 1 FROM alarm a WHERE a.code = r.reason_code AND a.subject = r.subject)
    WINDOW same AS (PARTITION BY kind, reason_code))
  WHERE place = 1 ORDER BY since`
const OF_ALARM = `
  SELECT r.kind, r.attempts, r.next_attempt_at AS nextAttemptAt FROM ${DUE}
    AND r.kind IN ('pack', 'receipt', 'pacs', 'pacsChanges', 'receipts', 'holdings') AND r.subject = ?
    AND r.reason_code = ? ORDER BY r.next_attempt_at LIMIT 1`
