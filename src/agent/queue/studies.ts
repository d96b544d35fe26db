import { LONGEST_WAIT_MS } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Failure } from '../../platform/failure.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { ManifestInstance } from '../../protocol/manifest.ts'
import { addReceipt, type ChainedReceipt } from './receipt-chain.ts'

/** 'open': instances arrive or travel. 'closed': a manifest stands and its receipt is awaited. */
export type StudyState = 'open' | 'closed' | 'confirmed'

export interface StudyRow {
  destination: string
  studyInstanceUid: string
  state: StudyState
  firstArrivedAt: number
  lastArrivedAt: number
  version: number
  attempts: number
  nextAttemptAt: number
  reasonCode: string | null
  reason: string | null
  /** What the newest receipt says of the PACS behind the center. */
  pacs: string | null
  receiptedAt: number | null
  instances: number
  confirmed: number
  held: number
  conflicts: number
}

type InstanceCounts = Pick<StudyRow, 'instances' | 'confirmed' | 'held'>
type Uncounted = Omit<StudyRow, keyof InstanceCounts>

/** The newest manifest of a study, whose receipt is awaited or to be asked for again. */
export interface ManifestRow {
  studyInstanceUid: string
  version: number
  digest: string
  jws: string
  attempts: number
  /** What the newest receipt says of the PACS; null while there is none. */
  pacs: string | null
}

export interface BelievedReceipt extends ChainedReceipt {
  readonly jws: string
}

/** When a receipt was believed, and what it says of the PACS. Times are ms since 1970. */
export interface Confirmation {
  /** From when on the copies are kept, by the time of retention (settle/retention-clock.ts). */
  keptFrom: number
  at: number
  pacs: string
  /** When to ask again whether the PACS has taken everything. */
  pacsDueAt: number
}

/** What the next manifest of a study has to list. */
export interface ClosingStudy {
  studyInstanceUid: string
  version: number
  previousDigest: string | null
  heldCount: number
  instances: ManifestInstance[]
}

/** Studies: put together from instances, closed by a manifest, confirmed by a receipt. */
export class Studies {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /** Open studies of which nothing is on its way any more and something is delivered: ready to be closed. */
  readyToClose(destination: string): string[] {
    return this.#database
      .all<{ uid: string }>(READY_TO_CLOSE, destination, destination, destination)
      .map(({ uid }) => uid)
  }

  /** Everything of the study that is at the center, for the next manifest version. */
  toList(destination: string, studyInstanceUid: string): ClosingStudy {
    const last = this.#database.get<{ version: number; digest: string }>(
      LAST_MANIFEST,
      destination,
      studyInstanceUid,
    )
    const held = this.#database.get<{ n: number }>(HELD_COUNT, destination, studyInstanceUid)
    return {
      studyInstanceUid,
      version: (last?.version ?? 0) + 1,
      previousDigest: last?.digest ?? null,
      heldCount: held?.n ?? 0,
      instances: this.#database.all<ManifestInstance>(DELIVERED_INSTANCES, destination, studyInstanceUid),
    }
  }

  /** Writes the signed manifest down; only then may it leave. */
  close(destination: string, studyInstanceUid: string, version: number, digest: string, jws: string): void {
    this.#database.durably(() => {
      this.#database.run(
        INSERT_MANIFEST,
        destination,
        studyInstanceUid,
        version,
        digest,
        jws,
        this.#clock.now(),
      )
      this.#database.run(CLOSE, version, destination, studyInstanceUid)
    })
  }

  /** Manifests to be posted now: awaiting a receipt, or receipted while the PACS had not taken everything yet. */
  manifestsDue(destination: string): ManifestRow[] {
    const now = this.#clock.now()
    return this.#database.all<ManifestRow>(
      MANIFESTS_DUE,
      destination,
      now,
      destination,
      now + LONGEST_WAIT_MS,
    )
  }

  /** The earliest time at which a manifest is to be posted; undefined when none waits. */
  nextDue(destination: string): number | undefined {
    const farOff = this.#clock.now() + LONGEST_WAIT_MS
    if (this.#database.get(FAR_OFF, destination, farOff) !== undefined) return 0
    return this.#database.get<{ due: number | null }>(NEXT_DUE, destination)?.due ?? undefined
  }

  /** No receipt yet: why, and when it is asked for again. */
  postpone(destination: string, studyInstanceUid: string, failure: Failure, nextAttemptAt: number): void {
    this.#database.run(POSTPONE, nextAttemptAt, failure.code, failure.message, destination, studyInstanceUid)
  }

  /**
   * The receipt is checked: it and the confirmation of what it lists are on the disk when this returns. A study that was
   * reopened in between stays open. Returns false if the receipt does not follow the ones before it (receipt-chain.ts).
   */
  confirm(
    destination: string,
    manifest: ManifestRow,
    receipt: BelievedReceipt,
    ulids: readonly string[],
    { keptFrom, at, pacs, pacsDueAt }: Confirmation,
  ): boolean {
    const { studyInstanceUid, version } = manifest
    return this.#database.durably(() => {
      const isSame = this.#database.get(HAS_RECEIPT, destination, studyInstanceUid, version, receipt.jws)
      const follows = isSame !== undefined || addReceipt(this.#database, destination, receipt)
      this.#database.run(SET_RECEIPT, receipt.jws, at, pacs, destination, studyInstanceUid, version)
      for (const ulid of ulids) this.#database.run(CONFIRM_DELIVERY, at, keptFrom, destination, ulid)
      this.#database.run(CONFIRM_STUDY, pacsDueAt, destination, studyInstanceUid, version)
      this.#database.run(FORGET_OLDER, destination, studyInstanceUid, version, version)
      return follows
    })
  }

  list(destination: string, limit: number): StudyRow[] {
    return this.#database
      .all<Uncounted>(`${STUDY_ROWS} ORDER BY s.last_arrived_at DESC LIMIT ?`, destination, limit)
      .map((row) => this.#counted(row))
  }

  get(destination: string, studyInstanceUid: string): StudyRow | undefined {
    const sql = `${STUDY_ROWS} AND s.study_instance_uid = ?`
    const row = this.#database.get<Uncounted>(sql, destination, studyInstanceUid)
    return row && this.#counted(row)
  }

  #counted(row: Uncounted): StudyRow {
    const counts = this.#database.get<InstanceCounts>(COUNT, row.destination, row.studyInstanceUid)
    return { ...row, ...(counts ?? { instances: 0, confirmed: 0, held: 0 }) }
  }

  counts(destination: string): Record<StudyState, number> {
    const counts = { open: 0, closed: 0, confirmed: 0 }
    const sql = 'SELECT state, studies AS n FROM study_total WHERE destination = ?'
    for (const row of this.#database.all<{ state: StudyState; n: number }>(sql, destination))
      counts[row.state] = row.n
    return counts
  }

  /** Signed manifest and receipt of the newest version, as evidence. */
  evidence(
    destination: string,
    studyInstanceUid: string,
  ): { manifest: string; receipt: string | null } | undefined {
    return this.#database.get(EVIDENCE, destination, studyInstanceUid)
  }
}

const READY_TO_CLOSE = `
  SELECT s.study_instance_uid AS uid FROM study s WHERE s.destination = ? AND s.state = 'open'
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.destination = ? AND d.study_instance_uid = s.study_instance_uid
      AND d.state IN ('queued', 'sending'))
    AND EXISTS (SELECT 1 FROM delivery d WHERE d.destination = ? AND d.study_instance_uid = s.study_instance_uid
      AND d.state = 'delivered')`
const LAST_MANIFEST = `
  SELECT version, digest FROM manifest WHERE destination = ? AND study_instance_uid = ? ORDER BY version DESC LIMIT 1`
const HELD_COUNT = `
  SELECT count(*) AS n FROM delivery WHERE destination = ? AND study_instance_uid = ? AND state = 'held'`
const DELIVERED_INSTANCES = `
  SELECT i.ulid, i.sop_instance_uid AS sopInstanceUid, i.transfer_syntax_uid AS transferSyntaxUid, i.data_set_bytes AS dataSetBytes,
    i.data_set_sha256 AS dataSetSha256, i.sealed_bytes AS sealedBytes, i.sealed_sha256 AS sealedSha256
  FROM delivery d JOIN instance i USING (ulid)
  WHERE d.destination = ? AND d.study_instance_uid = ? AND d.state IN ('delivered', 'confirmed')
    AND i.center IS (SELECT center FROM own_center)
  ORDER BY i.ulid`
const INSERT_MANIFEST = `
  INSERT INTO manifest (destination, study_instance_uid, version, digest, jws, created_at, center)
  VALUES (?, ?, ?, ?, ?, ?, (SELECT center FROM own_center))`
const CLOSE = `
  UPDATE study SET state = 'closed', version = ?, attempts = 0, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE destination = ? AND study_instance_uid = ?`
/** As for packs: a time that lies further off than any wait was written by a clock that has jumped back since. */
const IS_WAITING = "(state = 'closed' OR (state = 'confirmed' AND pacs_waiting = 1))"
const WAITING = (when: string): string => `
  SELECT * FROM (SELECT * FROM study INDEXED BY study_due
    WHERE destination = ? AND next_attempt_at ${when} AND ${IS_WAITING} ORDER BY next_attempt_at LIMIT 100)`
const MANIFESTS_DUE = `
  SELECT m.study_instance_uid AS studyInstanceUid, m.version, m.digest, m.jws, s.attempts, m.pacs
  FROM (${WAITING('<= ?')} UNION ALL ${WAITING('> ?')}) s
  JOIN manifest m USING (destination, study_instance_uid, version)
  ORDER BY s.next_attempt_at LIMIT 100`
const FAR_OFF = `
  SELECT 1 FROM study INDEXED BY study_due WHERE destination = ? AND next_attempt_at > ? AND ${IS_WAITING} LIMIT 1`
const NEXT_DUE = `
  SELECT min(next_attempt_at) AS due FROM study INDEXED BY study_due WHERE destination = ? AND ${IS_WAITING}`
const POSTPONE = `
  UPDATE study SET attempts = attempts + 1, next_attempt_at = ?, reason_code = ?, reason = ?
  WHERE destination = ? AND study_instance_uid = ?`
const HAS_RECEIPT = `
  SELECT 1 FROM manifest WHERE destination = ? AND study_instance_uid = ? AND version = ? AND receipt_jws = ?
    AND forgotten_at IS NULL`
const SET_RECEIPT = `
  UPDATE manifest SET receipt_jws = ?, receipted_at = coalesce(receipted_at, ?), pacs = ?, forgotten_at = NULL
  WHERE destination = ? AND study_instance_uid = ? AND version = ?`
const CONFIRM_DELIVERY = `
  UPDATE delivery SET state = 'confirmed', changed_at = ?, kept_from = ?, reason_code = NULL, reason = NULL
  WHERE destination = ? AND ulid = ? AND state <> 'confirmed'`
const CONFIRM_STUDY = `
  UPDATE study SET state = 'confirmed', attempts = attempts + 1, next_attempt_at = ?, reason_code = NULL, reason = NULL
  WHERE destination = ? AND study_instance_uid = ? AND version = ? AND state IN ('closed', 'confirmed')`
/** Each version lists everything again: once all of the newest is receipted, the older ones to this center prove nothing more. */
const FORGET_OLDER = `
  DELETE FROM manifest AS m WHERE m.destination = ? AND m.study_instance_uid = ? AND m.version < ?
    AND m.center IS (SELECT center FROM own_center)
    AND NOT EXISTS (SELECT 1 FROM manifest n WHERE n.destination = m.destination
      AND n.study_instance_uid = m.study_instance_uid AND n.version = ? AND n.receipted_at IS NULL)`
const COUNT = `
  SELECT count(*) AS instances, coalesce(sum(state = 'confirmed'), 0) AS confirmed, coalesce(sum(state = 'held'), 0) AS held
  FROM delivery INDEXED BY delivery_by_study WHERE destination = ? AND study_instance_uid = ?`
const STUDY_ROWS = `
  SELECT s.destination, s.study_instance_uid AS studyInstanceUid, s.state, s.first_arrived_at AS firstArrivedAt,
    s.last_arrived_at AS lastArrivedAt, s.version, s.attempts, s.next_attempt_at AS nextAttemptAt,
    s.reason_code AS reasonCode, s.reason, m.pacs, m.receipted_at AS receiptedAt,
    (SELECT count(*) FROM instance i WHERE i.study_instance_uid = s.study_instance_uid AND i.conflict = 1) AS conflicts
  FROM study s LEFT JOIN manifest m USING (destination, study_instance_uid, version) WHERE s.destination = ?`
const EVIDENCE = `
  SELECT jws AS manifest, receipt_jws AS receipt FROM manifest
  WHERE destination = ? AND study_instance_uid = ? ORDER BY version DESC LIMIT 1`
