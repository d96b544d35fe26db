import { type Finding, isFinding } from '../../dicom/check/check-findings.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { HeldFiles } from './spool/held-files.ts'
import type { Observed, SealedInstance } from './spool/sealed-instance.ts'

/** Instances of one study, or of one device, that have a finding. */
interface FindingCount {
  finding: Finding
  instances: number
}

interface DeviceFindings extends FindingCount {
  callingAeTitle: string
  lastAt: number
}

/** An instance that is held because of its findings. */
interface QuarantinedInstance {
  ulid: Ulid
  studyInstanceUid: string
  sopInstanceUid: string
  callingAeTitle: string
  sealedBytes: number
  arrivedAt: number
  since: number
  findings: Finding[]
}

/**
 * Records the observations of an instance, and holds it if requested, within the transaction that adds its row and its
 * deliveries. If a power cut removes the row, the `.held` file (HeldFiles) restores verdict and findings; the findings
 * of an instance that is not held are lost.
 */
export function recordObserved(
  database: Database,
  { envelope, observed }: SealedInstance,
  now: number,
): void {
  if (observed === undefined) return
  const { ulid, studyInstanceUid, callingAeTitle } = envelope
  for (const finding of observed.findings) {
    database.run('INSERT INTO finding VALUES (?, ?, ?)', studyInstanceUid, finding, ulid)
    database.run(COUNT, callingAeTitle, finding, now)
  }
  if (observed.display !== undefined) database.run(KEEP_DISPLAY, studyInstanceUid, observed.display)
  const { hold, heldSince = now } = observed
  if (hold !== undefined) database.run(HOLD, heldSince, hold.code, hold.message, ulid)
}

/** Findings in instances, and the instances that are held because of them. */
export class Findings {
  readonly #database: Database
  readonly #clock: Clock
  readonly #held: HeldFiles

  constructor(database: Database, clock: Clock, held: HeldFiles) {
    this.#database = database
    this.#clock = clock
    this.#held = held
  }

  ofInstance(ulid: string): Finding[] {
    const sql = 'SELECT finding FROM finding WHERE ulid = ? ORDER BY finding'
    return this.#database.all<{ finding: string }>(sql, ulid).flatMap(({ finding }) => known(finding))
  }

  /** Returns how many instances of the study have each finding; a copy that another has replaced does not count. */
  ofStudy(studyInstanceUid: string): FindingCount[] {
    return this.#database.all<FindingCount>(OF_STUDY, studyInstanceUid).filter(isKnown)
  }

  /** Returns how many instances of the study have any finding. */
  countInStudy(studyInstanceUid: string): number {
    return this.#database.get<{ n: number }>(COUNT_IN_STUDY, studyInstanceUid)?.n ?? 0
  }

  /** Counts by device, the latest first, since the index was made. */
  totals(): DeviceFindings[] {
    return this.#database.all<DeviceFindings>(TOTALS).filter(isKnown)
  }

  /** Returns held instances, the oldest first. */
  quarantined(destination: string, limit: number): QuarantinedInstance[] {
    const sql = `${QUARANTINED} ORDER BY d.ulid LIMIT ?`
    return this.#database
      .all<Omit<QuarantinedInstance, 'findings'>>(sql, destination, limit)
      .map((row) => ({ ...row, findings: this.ofInstance(row.ulid) }))
  }

  quarantinedOne(destination: string, ulid: string): QuarantinedInstance | undefined {
    const row = this.#database.get<Omit<QuarantinedInstance, 'findings'>>(
      `${QUARANTINED} AND d.ulid = ?`,
      destination,
      ulid,
    )
    return row === undefined ? undefined : { ...row, findings: this.ofInstance(row.ulid) }
  }

  /**
   * Releases one held instance, or all of a study, on an operator's request, and opens the study again so that the next
   * manifest lists it. The `.held` file is gone from the disk before the index allows the instance to be sent. Resolves
   * to the number of released instances.
   */
  async release(
    destination: string,
    which: { ulid: string } | { studyInstanceUid: string },
  ): Promise<number> {
    const [sql, key] = 'ulid' in which ? [HELD_ONE, which.ulid] : [HELD_OF_STUDY, which.studyInstanceUid]
    for (let released = 0; ; ) {
      const rows = this.#database.all<{ ulid: Ulid }>(sql, destination, key, AT_ONCE)
      if (rows.length === 0) return released
      const ulids = rows.map(({ ulid }) => ulid)
      await this.#held.release(ulids)
      released += this.#released(destination, ulids)
    }
  }

  /**
   * Holds an instance that has a `.held` file, since an index older than the spool may not know that it is held.
   * Returns true if the index did not know; an instance that is at the center already is not held.
   */
  holdAgain(ulid: Ulid, { hold, findings, heldSince = this.#clock.now() }: Observed): boolean {
    if (hold === undefined) return false
    return this.#database.durably(() => {
      const held = this.#database.run(HOLD_QUEUED, heldSince, hold.code, hold.message, ulid)
      if (held > 0) for (const finding of findings) this.#database.run(ADD_FINDING, finding, ulid)
      return held > 0
    })
  }

  /** Instances after `last` that the index holds because of a check, in the order of arrival. */
  heldAfter(last: string, limit: number): { ulid: Ulid; hold: Failure; since: number }[] {
    return this.#database
      .all<{ ulid: Ulid; reason: string; since: number }>(HELD_AFTER, last, limit)
      .map(({ ulid, reason, since }) => ({ ulid, hold: new Failure('CHECK_HELD', reason), since }))
  }

  #released(destination: string, ulids: readonly Ulid[]): number {
    const chosen = JSON.stringify(ulids)
    return this.#database.durably(() => {
      this.#database.run(REOPEN, destination, destination, chosen)
      return this.#database.run(RELEASE, this.#clock.now(), destination, chosen)
    })
  }
}

/** Instances released in one transaction. */
const AT_ONCE = 500

/** A later version may have written other findings. */
const isKnown = ({ finding }: { finding: string }): boolean => isFinding(finding)

const known = (finding: string): Finding[] => (isFinding(finding) ? [finding] : [])

const COUNT = `
  INSERT INTO finding_total VALUES (?, ?, 1, ?)
  ON CONFLICT DO UPDATE SET instances = instances + 1, last_at = excluded.last_at`
const KEEP_DISPLAY = `
  INSERT INTO display_record VALUES (?, ?) ON CONFLICT DO UPDATE SET sealed = excluded.sealed`
const HOLD = `
  UPDATE delivery SET state = 'held', changed_at = ?, reason_code = ?, reason = ? WHERE ulid = ?`
const HOLD_QUEUED = `${HOLD} AND state = 'queued'`
const ADD_FINDING = `
  INSERT OR IGNORE INTO finding SELECT study_instance_uid, ?, ulid FROM instance WHERE ulid = ?`
const OF_STUDY = `
  SELECT f.finding, count(*) AS instances FROM finding f JOIN instance i USING (ulid)
  WHERE f.study_instance_uid = ? AND i.superseded_by IS NULL GROUP BY f.finding ORDER BY instances DESC, f.finding`
const COUNT_IN_STUDY = `
  SELECT count(DISTINCT f.ulid) AS n FROM finding f JOIN instance i USING (ulid)
  WHERE f.study_instance_uid = ? AND i.superseded_by IS NULL`
const TOTALS = `
  SELECT calling_ae_title AS callingAeTitle, finding, instances, last_at AS lastAt FROM finding_total
  ORDER BY last_at DESC, calling_ae_title, finding LIMIT 1000`
const IS_QUARANTINED = "d.state = 'held' AND d.reason_code = 'CHECK_HELD'"
const QUARANTINED = `
  SELECT d.ulid, d.study_instance_uid AS studyInstanceUid, i.sop_instance_uid AS sopInstanceUid,
    i.calling_ae_title AS callingAeTitle, i.sealed_bytes AS sealedBytes, i.arrived_at AS arrivedAt,
    d.changed_at AS since
  FROM delivery d JOIN instance i USING (ulid) WHERE d.destination = ? AND ${IS_QUARANTINED}`
const HELD = `SELECT d.ulid FROM delivery d WHERE ${IS_QUARANTINED} AND d.destination = ?`
const HELD_ONE = `${HELD} AND d.ulid = ? LIMIT ?`
const HELD_OF_STUDY = `${HELD} AND d.study_instance_uid = ? ORDER BY d.ulid LIMIT ?`
const HELD_AFTER = `
  SELECT DISTINCT d.ulid, d.reason, d.changed_at AS since FROM delivery d INDEXED BY delivery_quarantined
  WHERE ${IS_QUARANTINED} AND d.ulid > ?
  ORDER BY d.ulid LIMIT ?`
const CHOSEN = `${IS_QUARANTINED} AND d.ulid IN (SELECT value FROM json_each(?))`
const RELEASE = `
  UPDATE delivery AS d SET state = 'queued', changed_at = ?, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE d.destination = ? AND ${CHOSEN}`
const REOPEN = `
  UPDATE study SET state = 'open', attempts = 0, next_attempt_at = 0, reason_code = NULL, reason = NULL
  WHERE destination = ? AND study_instance_uid IN (
    SELECT d.study_instance_uid FROM delivery d WHERE d.destination = ? AND ${CHOSEN})`
