import { LONGEST_WAIT_MS } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { ManifestInstance } from '../../protocol/manifest.ts'
import { type Evidence, evidencePart, listEvidence, type SignedPart } from './receipts/evidence.ts'
import { addReceipt } from './receipts/receipt-chain.ts'
import type {
  BelievedReceipt,
  ClosingStudy,
  Confirmation,
  ManifestPart,
  ManifestRow,
  ReadyStudy,
  StudyRow,
  StudyState,
} from './study-rows.ts'

type InstanceCounts = Pick<StudyRow, 'instances' | 'confirmed' | 'held'>
type Uncounted = Omit<StudyRow, keyof InstanceCounts>

/** Studies: collected from instances, closed by a manifest, confirmed by a receipt. */
export class Studies {
  readonly #database: Database
  readonly #clock: Clock

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
  }

  /**
   * Open studies that have delivered instances and none on its way: ready to be closed. Those with priority come first.
   */
  readyToClose(destination: string): ReadyStudy[] {
    return this.#database
      .all<{ study: string; priority: number }>(READY_TO_CLOSE, destination, destination, destination)
      .map(({ study, priority }) => ({ studyInstanceUid: study, hasPriority: priority === 1 }))
      .toSorted((a, b) => Number(b.hasPriority) - Number(a.hasPriority))
  }

  /**
   * Begins the next version of the study's manifest: all of its instances that are at the center and have no receipt.
   */
  toList(destination: string, studyInstanceUid: string): ClosingStudy {
    this.#database.run(DROP_UNFINISHED, destination, studyInstanceUid)
    const last = this.#database.get<{ version: number; digest: string }>(
      LAST_MANIFEST,
      destination,
      studyInstanceUid,
    )
    const held = this.#database.get<{ n: number }>(HELD_COUNT, destination, studyInstanceUid)
    return {
      version: (last?.version ?? 0) + 1,
      previousDigest: last?.digest ?? null,
      heldCount: held?.n ?? 0,
      delivered: this.#countDelivered(destination, studyInstanceUid),
    }
  }

  /** Counts the instances to list after `ulid`, at most `limit`, and returns the last of them. */
  countAfter(
    destination: string,
    studyInstanceUid: string,
    ulid: string,
    limit: number,
  ): { count: number; last: string | null } {
    const found = this.#database.get<{ count: number; last: string | null }>(
      COUNT_AFTER,
      destination,
      studyInstanceUid,
      ulid,
      limit,
    )
    return found ?? { count: 0, last: null }
  }

  /** The instances to list, by ULID, after `ulid`. */
  instancesAfter(
    destination: string,
    studyInstanceUid: string,
    ulid: string,
    limit: number,
  ): ManifestInstance[] {
    return this.#database.all(LISTED_INSTANCES, destination, studyInstanceUid, ulid, limit)
  }

  addPart(destination: string, studyInstanceUid: string, part: ManifestPart): void {
    const { version, part: number, parts, digest, jws } = part
    const now = this.#clock.now()
    this.#database.transaction(() =>
      this.#database.run(
        INSERT_PART,
        destination,
        studyInstanceUid,
        version,
        number,
        parts,
        digest,
        jws,
        now,
      ),
    )
  }

  /**
   * Closes the study with the parts of this version, which are on the disk when it returns; only then may they be
   * posted. Returns false if the number of `delivered` instances has changed: the parts are dropped, and the study
   * stays open.
   */
  close(destination: string, studyInstanceUid: string, version: number, delivered: number): boolean {
    return this.#database.durably(() => {
      const isAll = this.#countDelivered(destination, studyInstanceUid) === delivered
      if (isAll) this.#database.run(CLOSE, version, destination, studyInstanceUid)
      else this.#database.run(DROP_UNFINISHED, destination, studyInstanceUid)
      return isAll
    })
  }

  #countDelivered(destination: string, studyInstanceUid: string): number {
    return this.#database.get<{ n: number }>(COUNT_DELIVERED, destination, studyInstanceUid)?.n ?? 0
  }

  /**
   * Parts of manifests to be posted now, at most one of each study: the first that awaits a receipt, or that got one
   * before the PACS had accepted everything.
   */
  manifestsDue(destination: string): ManifestRow[] {
    const now = this.#clock.now()
    return this.#database.all<ManifestRow>(
      MANIFESTS_DUE,
      destination,
      now,
      now + LONGEST_WAIT_MS,
      destination,
      now,
      destination,
      now + LONGEST_WAIT_MS,
    )
  }

  jwsOf(destination: string, { studyInstanceUid, version, part }: ManifestRow): string {
    const row = this.#database.get<{ jws: string }>(JWS, destination, studyInstanceUid, version, part)
    if (row === undefined) throw new Failure('INTERNAL', 'reading a manifest: it is not there')
    return row.jws
  }

  /**
   * The state at the PACS from the receipts of the study's manifests; undefined until all parts of the newest version
   * have receipts.
   */
  pacs(destination: string, studyInstanceUid: string): string | undefined {
    return this.#database.get<{ pacs: string }>(PACS, destination, studyInstanceUid)?.pacs
  }

  /** The earliest time at which a manifest is to be posted; undefined if none waits. */
  nextDue(destination: string): number | undefined {
    const farOff = this.#clock.now() + LONGEST_WAIT_MS
    if (this.#database.get(FAR_OFF, destination, farOff) !== undefined) return 0
    return this.#database.get<{ due: number | null }>(NEXT_DUE, destination)?.due ?? undefined
  }

  /** Records why there is no receipt yet, and when it is asked for again. */
  postpone(destination: string, studyInstanceUid: string, failure: Failure, nextAttemptAt: number): void {
    this.#database.run(POSTPONE, nextAttemptAt, failure.code, failure.message, destination, studyInstanceUid)
  }

  /**
   * Stores a verified receipt: the receipt and the confirmation of the instances in it are on the disk when this
   * returns. The study is confirmed with its last part. A study that was reopened meanwhile stays open. Returns false
   * if the receipt does not follow the earlier ones (receipt-chain.ts).
   */
  confirm(
    destination: string,
    manifest: ManifestRow,
    receipt: BelievedReceipt,
    ulids: readonly string[],
    { keptFrom, at, pacs, pacsDueAt }: Confirmation,
  ): boolean {
    const { studyInstanceUid, version, part } = manifest
    const key = [destination, studyInstanceUid, version] as const
    return this.#database.durably(() => {
      const isSame = this.#database.get(HAS_RECEIPT, ...key, part, receipt.jws)
      const follows = isSame !== undefined || addReceipt(this.#database, destination, receipt)
      this.#database.run(SET_RECEIPT, receipt.jws, at, pacs, at, pacs, ...key, part)
      for (const ulid of ulids)
        this.#database.run(CONFIRM_DELIVERY, at, keptFrom, version, part, destination, ulid, version)
      this.#database.run(CONFIRM_STUDY, pacsDueAt, at, pacs, ...key)
      this.#database.run(REMOVE_IDLE, ...key)
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

  /** Number of studies to which an instance came since then. */
  countSince(destination: string, since: number): number {
    const sql = 'SELECT count(*) AS n FROM study WHERE destination = ? AND last_arrived_at >= ?'
    return this.#database.get<{ n: number }>(sql, destination, since)?.n ?? 0
  }

  evidence(destination: string, studyInstanceUid: string): Evidence | undefined {
    return listEvidence(this.#database, destination, studyInstanceUid)
  }

  evidencePart(
    destination: string,
    { studyInstanceUid, version, part }: Pick<ManifestRow, 'studyInstanceUid' | 'version' | 'part'>,
  ): SignedPart | undefined {
    return evidencePart(this.#database, destination, studyInstanceUid, version, part)
  }
}

const READY_TO_CLOSE = `
  SELECT s.study_instance_uid AS study, s.has_priority AS priority FROM study s INDEXED BY study_by_state
  WHERE s.destination = ? AND s.state = 'open'
    AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.destination = ? AND d.study_instance_uid = s.study_instance_uid
      AND d.state IN ('queued', 'sending'))
    AND EXISTS (SELECT 1 FROM delivery d WHERE d.destination = ? AND d.study_instance_uid = s.study_instance_uid
      AND d.state = 'delivered')`
const LAST_MANIFEST = `
  SELECT version, digest FROM manifest WHERE destination = ? AND study_instance_uid = ?
  ORDER BY version DESC, part DESC LIMIT 1`
const DROP_UNFINISHED = `
  DELETE FROM manifest AS m WHERE destination = ? AND study_instance_uid = ? AND version > (
    SELECT s.version FROM study s WHERE s.destination = m.destination AND s.study_instance_uid = m.study_instance_uid)`
const HELD_COUNT = `
  SELECT count(*) AS n FROM delivery WHERE destination = ? AND study_instance_uid = ? AND state = 'held'`
/** A range of the index, so that a page costs no more than its own rows. */
const LISTED_AFTER = `
  SELECT d.ulid FROM delivery d INDEXED BY delivery_by_study JOIN instance i USING (ulid)
  WHERE d.destination = ? AND d.study_instance_uid = ? AND d.state = 'delivered' AND d.ulid > ?
    AND i.center IS (SELECT center FROM own_center) ORDER BY d.ulid LIMIT ?`
/** Reads only the index. */
const COUNT_DELIVERED = `
  SELECT count(*) AS n FROM delivery
  WHERE destination = ? AND study_instance_uid = ? AND state = 'delivered'`
const COUNT_AFTER = `SELECT count(*) AS count, max(ulid) AS last FROM (${LISTED_AFTER})`
const LISTED_INSTANCES = `
  SELECT i.ulid, i.sop_instance_uid AS sopInstanceUid, i.transfer_syntax_uid AS transferSyntaxUid, i.data_set_bytes AS dataSetBytes,
    i.data_set_sha256 AS dataSetSha256, i.sealed_bytes AS sealedBytes, i.sealed_sha256 AS sealedSha256
  FROM (${LISTED_AFTER}) l JOIN instance i USING (ulid) ORDER BY i.ulid`
const INSERT_PART = `
  INSERT INTO manifest (destination, study_instance_uid, version, part, parts, digest, jws, created_at, center)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT center FROM own_center))`
const CLOSE = `
  UPDATE study SET state = 'closed', version = ?, attempts = 0, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE destination = ? AND study_instance_uid = ?`
const OF_VERSION = `
  p.destination = s.destination AND p.study_instance_uid = s.study_instance_uid AND p.version = s.version`
/** As for packs: a time beyond the longest wait was written by a clock that has jumped back since. */
const IS_WAITING = "(state = 'closed' OR (state = 'confirmed' AND pacs_waiting = 1))"
const WAITING = (when: string): string => `
  SELECT * FROM (SELECT * FROM study INDEXED BY study_due
    WHERE destination = ? AND next_attempt_at ${when} AND ${IS_WAITING} ORDER BY next_attempt_at LIMIT 100)`
/** However many others are due. */
const WAITING_WITH_PRIORITY = `
  SELECT * FROM study INDEXED BY study_with_priority
    WHERE destination = ? AND has_priority = 1 AND state = 'closed' AND (next_attempt_at <= ? OR next_attempt_at > ?)`
const OF_STUDY = 'p.destination = s.destination AND p.study_instance_uid = s.study_instance_uid'
const OURS = 'p.center IS (SELECT center FROM own_center)'
const AWAITS_RECEIPT = `
  SELECT p.rowid FROM manifest p WHERE ${OF_VERSION} AND p.receipted_at IS NULL AND ${OURS} ORDER BY p.part LIMIT 1`
const AWAITS_PACS = `
  SELECT p.rowid FROM manifest p INDEXED BY manifest_by_pacs
  WHERE ${OF_STUDY} AND (p.pacs IN ('waiting', 'held') OR p.pacs_changed = 1) AND p.forgotten_at IS NULL AND ${OURS}
  ORDER BY p.version, p.part LIMIT 1`
const MANIFESTS_DUE = `
  SELECT m.study_instance_uid AS studyInstanceUid, m.version, m.part, m.digest, s.attempts, m.pacs
  FROM (${WAITING_WITH_PRIORITY} UNION ${WAITING('<= ?')} UNION ${WAITING('> ?')}) s
  JOIN manifest m ON m.rowid = iif(s.state = 'closed', (${AWAITS_RECEIPT}), (${AWAITS_PACS}))
  ORDER BY s.has_priority DESC, s.next_attempt_at LIMIT 100`
const FAR_OFF = `
  SELECT 1 FROM study INDEXED BY study_due WHERE destination = ? AND next_attempt_at > ? AND ${IS_WAITING} LIMIT 1`
const NEXT_DUE = `
  SELECT min(next_attempt_at) AS due FROM study INDEXED BY study_due WHERE destination = ? AND ${IS_WAITING}`
const POSTPONE = `
  UPDATE study SET attempts = attempts + 1, next_attempt_at = ?, reason_code = ?, reason = ?
  WHERE destination = ? AND study_instance_uid = ?`
const HAS_RECEIPT = `
  SELECT 1 FROM manifest WHERE destination = ? AND study_instance_uid = ? AND version = ? AND part = ?
    AND receipt_jws = ? AND forgotten_at IS NULL`
const JWS = `
  SELECT jws FROM manifest WHERE destination = ? AND study_instance_uid = ? AND version = ? AND part = ?`
const SET_RECEIPT = `
  UPDATE manifest SET receipt_jws = ?, receipted_at = coalesce(receipted_at, ?),
    pacs_at = iif(pacs IS ?, pacs_at, ?), pacs = ?, pacs_changed = 0, forgotten_at = NULL
  WHERE destination = ? AND study_instance_uid = ? AND version = ? AND part = ?`
/** The confirmation rests on the newest part that lists the instance. */
const CONFIRM_DELIVERY = `
  UPDATE delivery SET state = 'confirmed', changed_at = iif(state = 'confirmed', changed_at, ?),
    kept_from = iif(state = 'confirmed', kept_from, ?), receipt_version = ?, receipt_part = ?,
    reason_code = NULL, reason = NULL
  WHERE destination = ? AND ulid = ? AND (state <> 'confirmed' OR receipt_version IS NULL OR receipt_version < ?)`
const IS_RECEIPTED = `
  NOT EXISTS (SELECT 1 FROM manifest p WHERE ${OF_VERSION} AND p.receipted_at IS NULL)`
/** A study with a delivered instance that no part lists must be listed again. */
const CONFIRM_STUDY = `
  UPDATE study AS s SET next_attempt_at = iif(${IS_RECEIPTED}, ?, ?), reason_code = NULL, reason = NULL,
    attempts = iif(${IS_RECEIPTED} AND ? IN ('waiting', 'held'), attempts + 1, 0),
    state = CASE WHEN NOT ${IS_RECEIPTED} THEN state
      WHEN EXISTS (SELECT 1 FROM delivery d WHERE d.destination = s.destination
        AND d.study_instance_uid = s.study_instance_uid AND d.state = 'delivered') THEN 'open'
      ELSE 'confirmed' END
  WHERE destination = ? AND study_instance_uid = ? AND version = ? AND state IN ('closed', 'confirmed')`
/**
 * Once all of a study is confirmed, parts of older versions that support no confirmation prove nothing more: newer ones
 * list their instances.
 */
const REMOVE_IDLE = `
  DELETE FROM manifest AS m WHERE m.destination = ? AND m.study_instance_uid = ? AND m.version < ?
    AND m.center IS (SELECT center FROM own_center)
    AND EXISTS (SELECT 1 FROM study s WHERE s.destination = m.destination
      AND s.study_instance_uid = m.study_instance_uid AND s.state = 'confirmed')
    AND NOT EXISTS (SELECT 1 FROM delivery d INDEXED BY delivery_by_receipt WHERE d.destination = m.destination
      AND d.study_instance_uid = m.study_instance_uid AND d.receipt_version = m.version AND d.receipt_part = m.part)`
const COUNT = `
  SELECT count(*) AS instances, coalesce(sum(state = 'confirmed'), 0) AS confirmed, coalesce(sum(state = 'held'), 0) AS held
  FROM delivery INDEXED BY delivery_by_study WHERE destination = ? AND study_instance_uid = ?`
/**
 * The state of the part that needs a person most, then of the slowest. The PACS has accepted a study only if it has all
 * parts.
 */
const PACS_OF_STUDY = `
  SELECT CASE WHEN count(*) = 0 THEN NULL
    WHEN max(p.pacs = 'refused') THEN 'refused' WHEN max(p.pacs = 'held') THEN 'held'
    WHEN max(p.pacs = 'waiting') THEN 'waiting' WHEN max(p.pacs = 'unverified') THEN 'unverified'
    WHEN min(p.pacs = 'accepted') THEN 'accepted' WHEN min(p.pacs = 'none') THEN 'none' ELSE 'partial' END
  FROM manifest p INDEXED BY manifest_by_pacs WHERE ${OF_STUDY} AND p.pacs IS NOT NULL
    AND p.forgotten_at IS NULL AND (p.version = s.version OR ${OURS})`
const PACS = `
  SELECT (${PACS_OF_STUDY}) AS pacs FROM study s
  WHERE s.destination = ? AND s.study_instance_uid = ? AND s.version > 0 AND ${IS_RECEIPTED}`
const STUDY_ROWS = `
  SELECT s.destination, s.study_instance_uid AS studyInstanceUid, s.state, s.first_arrived_at AS firstArrivedAt,
    s.last_arrived_at AS lastArrivedAt, s.version, s.attempts, s.next_attempt_at AS nextAttemptAt,
    s.reason_code AS reasonCode, s.reason,
    iif(${IS_RECEIPTED}, (${PACS_OF_STUDY}), NULL) AS pacs,
    iif(${IS_RECEIPTED}, (SELECT max(p.pacs_at) FROM manifest p WHERE ${OF_STUDY}), NULL) AS pacsAt,
    iif(${IS_RECEIPTED}, (SELECT max(p.receipted_at) FROM manifest p WHERE ${OF_VERSION}), NULL) AS receiptedAt,
    (SELECT count(*) FROM instance i WHERE i.study_instance_uid = s.study_instance_uid AND i.conflict = 1) AS conflicts
  FROM study s WHERE s.destination = ?`
