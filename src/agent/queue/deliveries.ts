import { LONGEST_WAIT_MS } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { DeliveryState } from './study-rows.ts'
import { type WaitingStudy, waitingStudies } from './waiting-studies.ts'

interface DeliveryRow {
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

/** State changes of single deliveries that do not belong to a pack or a manifest, and their display. */
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

  /** Sealed bytes that are not at the center yet. */
  waitingBytes(destination: string): number {
    return this.#database.get<{ bytes: number }>(WAITING_BYTES, destination)?.bytes ?? 0
  }

  /** Sealed bytes that are still to be sent. */
  unsentBytes(destination: string): number {
    return this.#database.get<{ bytes: number }>(UNSENT_BYTES, destination)?.bytes ?? 0
  }

  /** Sealed bytes of unconfirmed instances: waiting, and held. */
  unconfirmedBytes(destination: string): { waiting: number; held: number } {
    const sums = this.#database.all<{ isHeld: number; bytes: number }>(UNCONFIRMED_BYTES, destination)
    const bytesOf = (isHeld: number): number => sums.find((sum) => sum.isHeld === isHeld)?.bytes ?? 0
    return { waiting: bytesOf(0), held: bytesOf(1) }
  }

  /** Arrival (ms since 1970) of the oldest instance that is not confirmed. */
  oldestUnconfirmed(destination: string): number | undefined {
    return this.#database.get<{ oldest: number }>(OLDEST, destination)?.oldest
  }

  /** Deliveries that are not confirmed, oldest first. */
  unconfirmed(destination: string, limit: number): DeliveryRow[] {
    return this.#database.all<DeliveryRow>(
      `${ROWS_FROM('delivery d INDEXED BY delivery_unconfirmed')} AND d.state <> 'confirmed' ORDER BY d.ulid LIMIT ?`,
      destination,
      limit,
    )
  }

  /** Studies with instances that are not confirmed, the oldest first; see {@link waitingStudies}. */
  waitingStudies(destination: string, limit: number): WaitingStudy[] {
    return waitingStudies(this.#database, destination, limit)
  }

  /** Deliveries that are held for another reason than their findings. */
  heldOtherwise(destination: string, limit: number): DeliveryRow[] {
    return this.#database.all<DeliveryRow>(
      `${ROWS_FROM('delivery d INDEXED BY delivery_waiting')} AND d.state = 'held' AND d.reason_code IS NOT 'CHECK_HELD' LIMIT ?`,
      destination,
      limit,
    )
  }

  ofStudy(destination: string, studyInstanceUid: string): DeliveryRow[] {
    return this.#database.all<DeliveryRow>(
      `${ROWS_FROM('delivery d')} AND d.study_instance_uid = ? ORDER BY d.ulid`,
      destination,
      studyInstanceUid,
    )
  }

  /**
   * The earliest time (ms since 1970) at which a queued delivery outside `except` may be sent; undefined if none is
   * queued.
   */
  nextDue(destination: string, except: readonly string[] = []): number | undefined {
    const [now, studies] = [this.#clock.now(), JSON.stringify(except)]
    // The clock has jumped back since that time was written.
    if (this.#database.get(FAR_OFF, destination, now + LONGEST_WAIT_MS, studies) !== undefined) return now
    const row = this.#database.get<{ due: number | null }>(NEXT_DUE, destination, studies)
    return row?.due ?? undefined
  }

  /**
   * Queues all held and waiting deliveries (of one study) to be sent at once, on an operator's request. Leaves out
   * those that are held for their findings (see Findings.release) or are sealed for another center. Returns their
   * number, and the number of studies whose receipt is asked for at once.
   */
  retry(destination: string, studyInstanceUid?: string): { instances: number; studies: number } {
    return this.#database.durably(() => {
      const study = studyInstanceUid ?? null
      this.#database.run(REOPEN, destination, destination, study, study)
      const studies = this.#database.run(RETRY_STUDIES, destination, study, study)
      return {
        instances: this.#database.run(RETRY, this.#clock.now(), destination, study, study),
        studies,
      }
    })
  }
}

const COUNTS = 'SELECT state, instances AS n FROM delivery_total WHERE destination = ?'
const WAITING_BYTES = `
  SELECT coalesce(sum(bytes), 0) AS bytes FROM delivery_total
  WHERE destination = ? AND state IN ('queued', 'sending', 'held')`
const UNSENT_BYTES = `
  SELECT coalesce(sum(bytes), 0) AS bytes FROM delivery_total
  WHERE destination = ? AND state IN ('queued', 'sending')`
const UNCONFIRMED_BYTES = `
  SELECT state = 'held' AS isHeld, sum(bytes) AS bytes FROM delivery_total
  WHERE destination = ? AND state <> 'confirmed' GROUP BY isHeld`
/** ULIDs sort by the time of arrival. */
const OLDEST = `
  SELECT arrived_at AS oldest FROM instance WHERE ulid = (
    SELECT ulid FROM delivery INDEXED BY delivery_unconfirmed
    WHERE state <> 'confirmed' AND destination = ? ORDER BY ulid LIMIT 1)`
const ROWS_FROM = (deliveries: string): string => `
  SELECT d.ulid, d.destination, d.study_instance_uid AS studyInstanceUid, i.sop_instance_uid AS sopInstanceUid, d.state,
    d.changed_at AS changedAt, d.attempts, d.next_attempt_at AS nextAttemptAt, d.reason_code AS reasonCode, d.reason,
    i.calling_ae_title AS callingAeTitle, i.sealed_bytes AS sealedBytes, i.arrived_at AS arrivedAt
  FROM ${deliveries} JOIN instance i USING (ulid) WHERE d.destination = ?`
const NEXT_DUE = `
  SELECT min(next_attempt_at) AS due FROM delivery WHERE destination = ? AND state = 'queued'
    AND study_instance_uid NOT IN (SELECT value FROM json_each(?))`
const FAR_OFF = `
  SELECT 1 FROM delivery WHERE destination = ? AND state = 'queued' AND next_attempt_at > ?
    AND study_instance_uid NOT IN (SELECT value FROM json_each(?)) LIMIT 1`
/**
 * An instance that the center has lost and that was removed here cannot be sent: the center is asked whether it has it
 * again.
 */
const RETRY = `
  UPDATE delivery SET state = iif(reason_code = 'CENTER_LOST' AND (SELECT removed_at FROM instance i
      WHERE i.ulid = delivery.ulid) IS NOT NULL, 'delivered', 'queued'), changed_at = ?, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE destination = ? AND state IN ('held', 'queued') AND coalesce(reason_code, '') NOT IN ('CHECK_HELD', 'OTHER_CENTER')
    AND (? IS NULL OR study_instance_uid = ?)`
/** A study may have been closed and confirmed without its held instances. */
const REOPEN = `
  UPDATE study SET state = 'open', attempts = 0, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE destination = ? AND study_instance_uid IN (
    SELECT study_instance_uid FROM delivery
    WHERE destination = ? AND state = 'held' AND coalesce(reason_code, '') NOT IN ('CHECK_HELD', 'OTHER_CENTER')
      AND (? IS NULL OR study_instance_uid = ?))`
const RETRY_STUDIES = `
  UPDATE study SET next_attempt_at = 0 WHERE destination = ? AND state = 'closed'
    AND (? IS NULL OR study_instance_uid = ?)`
