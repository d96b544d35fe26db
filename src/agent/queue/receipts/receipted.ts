import type { Clock } from '../../../platform/clock.ts'
import type { Failure } from '../../../platform/failure.ts'
import type { Database } from '../../../platform/sqlite.ts'

/** A manifest with a receipt, on which the confirmation of a study rests. */
export interface ReceiptedManifest {
  studyInstanceUid: string
  digest: string
  receiptedAt: number
  /** 1 while the spool file of any of its instances is kept. */
  isKept: number
}

/** Treatment of instances that the center lacks although it had accepted them. */
interface SendingAgain {
  /** The reason why they are sent again, and the earliest time (ms since 1970). */
  failure: Failure
  nextAttemptAt: number
  /** The reason for holding those whose spool file was removed after the retention time. */
  lost: Failure
}

/**
 * Instances that the center had accepted or confirmed by receipt and no longer holds, for example after a restore from
 * a backup.
 */
export class Receipted {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Manifests with a receipt of this agent's center, the newest receipt first, after `last`. */
  list(destination: string, limit: number, last?: ReceiptedManifest): ReceiptedManifest[] {
    const { receiptedAt, studyInstanceUid, digest } = last ?? FUTURE
    return this.#database.all(RECEIPTED, destination, receiptedAt, studyInstanceUid, digest, limit)
  }

  /**
   * Handles manifests whose receipts the center does not know or cannot read: their confirmations are in doubt, and the
   * next manifest of each study lists its instances again. The center is not asked about these manifests again.
   */
  offerAgain(destination: string, manifests: readonly { studyInstanceUid: string; digest: string }[]): void {
    if (manifests.length === 0) return
    const studies = JSON.stringify(manifests.map(({ studyInstanceUid }) => studyInstanceUid))
    const digests = JSON.stringify(manifests.map(({ digest }) => digest))
    this.#database.durably(() => {
      this.#database.run(FORGET, this.#clock.now(), destination, studies, digests)
      this.#database.run(UNCONFIRM_DELIVERIES, this.#clock.now(), destination, studies, digests)
      this.#database.run(UNCONFIRM_STUDIES, destination, studies)
    })
  }

  /**
   * Lists lost instances that were removed here in the next manifests, since the center may have found them again or
   * got them from another clinic; its answer shows that. Returns the number of instances.
   */
  askForLost(destination: string): number {
    return this.#database.durably(() => {
      this.#database.run(REOPEN_LOST, destination, destination)
      return this.#database.run(ASK_FOR_LOST, this.#clock.now(), destination)
    })
  }

  /** Number of studies that were offered again and have instances on their way to confirmation. */
  onTheirWay(destination: string): number {
    return this.#database.get<{ n: number }>(ON_THEIR_WAY, destination)?.n ?? 0
  }

  /**
   * Queues the instances of a study that the center lacks, and opens the study. Returns how many cannot be sent again:
   * they are held.
   */
  sendAgain(
    destination: string,
    studyInstanceUid: string,
    ulids: readonly string[],
    { failure, nextAttemptAt, lost }: SendingAgain,
  ): number {
    const now = this.#clock.now()
    return this.#database.durably(() => {
      let held = 0
      for (const ulid of ulids) {
        this.#database.run(SEND_AGAIN, now, nextAttemptAt, failure.code, failure.message, destination, ulid)
        held += this.#database.run(HOLD_LOST, now, lost.code, lost.message, destination, ulid)
        this.#database.run(MARK_LOST, now, lost.code, ulid)
      }
      this.#database.run(REOPEN, destination, studyInstanceUid)
      return held
    })
  }
}

const FUTURE = { receiptedAt: Number.MAX_SAFE_INTEGER, studyInstanceUid: '', digest: '' }
/** Reads only the index: manifests and receipts are large. */
const RECEIPTED = `
  SELECT m.study_instance_uid AS studyInstanceUid, m.digest, m.receipted_at AS receiptedAt,
    EXISTS (SELECT 1 FROM instance i WHERE i.study_instance_uid = m.study_instance_uid
      AND i.removed_at IS NULL AND i.center IS m.center) AS isKept
  FROM manifest m INDEXED BY manifest_by_receipt
  WHERE m.destination = ? AND m.receipted_at IS NOT NULL AND m.forgotten_at IS NULL
    AND m.center IS (SELECT center FROM own_center)
    AND (m.receipted_at, m.study_instance_uid, m.digest) < (?, ?, ?)
  ORDER BY m.receipted_at DESC, m.study_instance_uid DESC, m.digest DESC LIMIT ?`
const FORGET = `
  UPDATE manifest SET forgotten_at = ?
  WHERE destination = ? AND study_instance_uid IN (SELECT value FROM json_each(?))
    AND digest IN (SELECT value FROM json_each(?)) AND receipted_at IS NOT NULL`
/** Deliveries whose confirmation rests on one of the manifests. */
const UNCONFIRM_DELIVERIES = `
  UPDATE delivery SET state = 'delivered', changed_at = ?
  WHERE destination = ? AND study_instance_uid IN (SELECT value FROM json_each(?)) AND state = 'confirmed'
    AND EXISTS (SELECT 1 FROM manifest m WHERE m.destination = delivery.destination
      AND m.study_instance_uid = delivery.study_instance_uid AND m.version = delivery.receipt_version
      AND m.part = delivery.receipt_part AND m.digest IN (SELECT value FROM json_each(?)))
    AND EXISTS (SELECT 1 FROM instance i
      WHERE i.ulid = delivery.ulid AND i.center IS (SELECT center FROM own_center))`
const UNCONFIRM_STUDIES = `
  UPDATE study SET state = 'open', attempts = 0, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE destination = ? AND study_instance_uid IN (SELECT value FROM json_each(?))
    AND EXISTS (SELECT 1 FROM delivery d WHERE d.destination = study.destination
      AND d.study_instance_uid = study.study_instance_uid AND d.state = 'delivered')`
const ON_THEIR_WAY = `
  SELECT count(DISTINCT m.study_instance_uid) AS n FROM manifest m INDEXED BY manifest_forgotten
  WHERE m.destination = ? AND m.forgotten_at IS NOT NULL AND m.center IS (SELECT center FROM own_center)
    AND EXISTS (SELECT 1 FROM delivery d WHERE d.destination = m.destination
      AND d.study_instance_uid = m.study_instance_uid AND d.state IN ('queued', 'sending', 'delivered'))`
const SEND_AGAIN = `
  UPDATE delivery SET state = 'queued', changed_at = ?, next_attempt_at = ?, reason_code = ?, reason = ?
  WHERE destination = ? AND ulid = ? AND state IN ('delivered', 'confirmed')
    AND (SELECT removed_at FROM instance i WHERE i.ulid = delivery.ulid) IS NULL`
/** The instances that were not queued no longer have a file. */
const HOLD_LOST = `
  UPDATE delivery SET state = 'held', changed_at = ?, reason_code = ?, reason = ?
  WHERE destination = ? AND ulid = ? AND state IN ('delivered', 'confirmed')`
/** A device that sends the same bytes again repairs it, as it does a damaged spool file. */
const MARK_LOST = `
  UPDATE instance SET damaged_at = ?, damage = ? WHERE ulid = ? AND removed_at IS NOT NULL AND damage IS NULL`
const IS_LOST = `
  state = 'held' AND reason_code = 'CENTER_LOST'
    AND (SELECT removed_at FROM instance i WHERE i.ulid = delivery.ulid) IS NOT NULL`
const ASK_FOR_LOST = `
  UPDATE delivery INDEXED BY delivery_unconfirmed
  SET state = 'delivered', changed_at = ?, reason_code = NULL, reason = NULL
  WHERE destination = ? AND state <> 'confirmed' AND ${IS_LOST}`
const REOPEN_LOST = `
  UPDATE study SET state = 'open', attempts = 0, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE destination = ? AND study_instance_uid IN (
    SELECT study_instance_uid FROM delivery INDEXED BY delivery_unconfirmed
    WHERE destination = ? AND state <> 'confirmed' AND ${IS_LOST})`
const REOPEN = `
  UPDATE study SET state = 'open', attempts = 0, next_attempt_at = 0
  WHERE destination = ? AND study_instance_uid = ?`
