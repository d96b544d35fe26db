import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { Ulid } from '../../protocol/ulid.ts'

/**
 * One delivery is one instance on its way to one destination. 'delivered' is not yet safe: only the checked receipt
 * makes it 'confirmed'. 'held' waits for an operator.
 */
export type DeliveryState = 'queued' | 'sending' | 'delivered' | 'confirmed' | 'held'

export interface DeliveryRow {
  ulid: Ulid
  destination: string
  studyInstanceUid: string
  sopInstanceUid: string
  state: DeliveryState
  changedAt: number
  attempts: number
  nextAttemptAt: number
  reasonCode: string | null
  reason: string | null
  callingAeTitle: string
  sealedBytes: number
  arrivedAt: number
}

/** State changes of single deliveries that do not belong to a pack or a manifest, and what is to be shown of them. */
export class Deliveries {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  counts(destination: string): Record<DeliveryState, number> {
    const counts = { queued: 0, sending: 0, delivered: 0, confirmed: 0, held: 0 }
    for (const row of this.#database.all<{ state: DeliveryState; n: number }>(COUNTS, destination)) {
      counts[row.state] = row.n
    }
    return counts
  }

  /** Sealed bytes that the center does not hold yet. */
  waitingBytes(destination: string): number {
    return this.#database.get<{ bytes: number }>(WAITING_BYTES, destination)?.bytes ?? 0
  }

  /** Arrival (ms since 1970) of the oldest instance that is not confirmed. */
  oldestUnconfirmed(destination: string): number | undefined {
    return this.#database.get<{ oldest: number | null }>(OLDEST, destination)?.oldest ?? undefined
  }

  /** Deliveries that are not confirmed, oldest first. */
  unconfirmed(destination: string, limit: number): DeliveryRow[] {
    return this.#database.all<DeliveryRow>(
      `${ROWS} AND d.state <> 'confirmed' ORDER BY d.ulid LIMIT ?`,
      destination,
      limit,
    )
  }

  ofStudy(destination: string, studyInstanceUid: string): DeliveryRow[] {
    return this.#database.all<DeliveryRow>(
      `${ROWS} AND d.study_instance_uid = ? ORDER BY d.ulid`,
      destination,
      studyInstanceUid,
    )
  }

  /** The earliest time (ms since 1970) at which a queued delivery outside `except` may go; undefined when none is queued. */
  nextDue(destination: string, except: readonly string[] = []): number | undefined {
    const row = this.#database.get<{ due: number | null }>(NEXT_DUE, destination, JSON.stringify(except))
    return row?.due ?? undefined
  }

  /** An operator's word: all held and waiting deliveries (of one study) may go at once. Returns how many. */
  retry(destination: string, studyInstanceUid?: string): number {
    return this.#database.durably(() => {
      const study = studyInstanceUid ?? null
      this.#database.run(RETRY_STUDIES, destination, study, study)
      return this.#database.run(RETRY, this.#clock.now(), destination, study, study)
    })
  }
}

const COUNTS = 'SELECT state, count(*) AS n FROM delivery WHERE destination = ? GROUP BY state'
const WAITING_BYTES = `
  SELECT coalesce(sum(i.sealed_bytes), 0) AS bytes FROM delivery d JOIN instance i USING (ulid)
  WHERE d.destination = ? AND d.state IN ('queued', 'sending', 'held')`
const OLDEST = `
  SELECT min(i.arrived_at) AS oldest FROM delivery d JOIN instance i USING (ulid)
  WHERE d.destination = ? AND d.state IN ('queued', 'sending', 'delivered', 'held')`
const ROWS = `
  SELECT d.ulid, d.destination, d.study_instance_uid AS studyInstanceUid, i.sop_instance_uid AS sopInstanceUid, d.state,
    d.changed_at AS changedAt, d.attempts, d.next_attempt_at AS nextAttemptAt, d.reason_code AS reasonCode, d.reason,
    i.calling_ae_title AS callingAeTitle, i.sealed_bytes AS sealedBytes, i.arrived_at AS arrivedAt
  FROM delivery d JOIN instance i USING (ulid) WHERE d.destination = ?`
const NEXT_DUE = `
  SELECT min(next_attempt_at) AS due FROM delivery WHERE destination = ? AND state = 'queued'
    AND study_instance_uid NOT IN (SELECT value FROM json_each(?))`
const RETRY = `
  UPDATE delivery SET state = 'queued', changed_at = ?, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE destination = ? AND state IN ('held', 'queued') AND (? IS NULL OR study_instance_uid = ?)`
const RETRY_STUDIES = `
  UPDATE study SET next_attempt_at = 0 WHERE destination = ? AND state <> 'confirmed'
    AND (? IS NULL OR study_instance_uid = ?)`
