import type { Database } from '../../platform/sqlite.ts'
import type { DeliveryState } from './study-rows.ts'

/** The unconfirmed instances of a study, and the one among them that most needs a look. */
export interface WaitingStudy {
  readonly studyInstanceUid: string
  readonly instances: number
  readonly sealedBytes: number
  /** Arrival of the oldest one. */
  readonly arrivedAt: number
  readonly queued: number
  readonly sending: number
  readonly delivered: number
  readonly held: number
  /** This and the next are those of one that is held, or else of one that has failed, or else of any. */
  readonly callingAeTitle: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly nextAttemptAt: number
  readonly reasonCode: string | null
  readonly reason: string | null
}

/** Groups this many of the oldest ones: a long backlog must not hold up the intake. */
const LOOKED_AT = 10_000

/** Lists the studies of the oldest unconfirmed deliveries, the oldest first. */
export function waitingStudies(database: Database, destination: string, limit: number): WaitingStudy[] {
  return database.all<WaitingStudy>(WAITING_STUDIES, destination, LOOKED_AT, limit)
}

/** With max() alone, SQLite takes the other columns from the row that has the maximum. */
const WAITING_STUDIES = `
  WITH oldest AS MATERIALIZED (
    SELECT d.study_instance_uid AS study, d.state, d.attempts, d.next_attempt_at, d.reason_code, d.reason,
      i.calling_ae_title, i.sealed_bytes, i.arrived_at
    FROM delivery d INDEXED BY delivery_unconfirmed JOIN instance i USING (ulid)
    WHERE d.state <> 'confirmed' AND d.destination = ? ORDER BY d.ulid LIMIT ?),
  total AS (
    SELECT study, count(*) AS instances, sum(sealed_bytes) AS sealedBytes, min(arrived_at) AS arrivedAt,
      sum(state = 'queued') AS queued, sum(state = 'sending') AS sending, sum(state = 'delivered') AS delivered,
      sum(state = 'held') AS held
    FROM oldest GROUP BY study),
  telling AS (
    SELECT study, max((state = 'held') * 2 + (reason_code IS NOT NULL)), state, attempts, next_attempt_at, reason_code,
      reason, calling_ae_title
    FROM oldest GROUP BY study)
  SELECT study AS studyInstanceUid, instances, sealedBytes, arrivedAt, queued, sending, delivered, held,
    calling_ae_title AS callingAeTitle, state, attempts, next_attempt_at AS nextAttemptAt, reason_code AS reasonCode, reason
  FROM total JOIN telling USING (study) ORDER BY arrivedAt, study LIMIT ?`
