import { trimUid } from '../../../dicom/vocabulary/uid.ts'
import type { Database } from '../../../platform/sqlite.ts'
import type {
  HeldInstance,
  Holding,
  InstanceRegister,
  KnownVersion,
  PackRow,
  ReleaseTarget,
  Settled,
  SettleTerms,
  StoredMember,
  StoredStudy,
  StoredVersion,
} from '../register.ts'
import { decideClaim } from './decide-claim.ts'
import { held, release } from './held-instances.ts'
import { tellAgents } from './sqlite-stored-files.ts'

export class SqliteInstances implements InstanceRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async find(version: StoredVersion): Promise<KnownVersion | undefined> {
    return this.#versionOf(version)
  }

  async settle(
    pack: PackRow,
    answer: string,
    members: readonly StoredMember[],
    terms: SettleTerms,
  ): Promise<Settled> {
    return this.#db.durably(() => {
      const superfluous: string[] = []
      const healed: { file: string; damagedFile: string | undefined }[] = []
      for (const member of members) {
        const { file } = member
        const known = this.#versionOf(member)
        const id = known?.id ?? this.#insert(pack.agent, member, terms)
        if (known !== undefined) this.#claimAgain(pack.agent, member, known.id, terms)
        this.#deliver(pack.agent, member, id, terms.now)
        if (known === undefined || file === undefined) continue
        if (known.isLost === 0) superfluous.push(file)
        else {
          this.#heal(known, { ...member, file }, terms.now)
          healed.push({ file, damagedFile: known.file === file ? undefined : known.file })
        }
      }
      this.#db.run('UPDATE packs SET answer = ? WHERE upload_id = ?', answer, pack.uploadId)
      return { superfluous, healed }
    })
  }

  async names(file: string): Promise<boolean> {
    const row = this.#db.get(
      'SELECT 1 FROM instances WHERE file = ? UNION ALL SELECT 1 FROM damaged_files WHERE file = ?',
      file,
      file,
    )
    return row !== undefined
  }

  async holding(agent: string, ulid: string, version: StoredVersion): Promise<Holding | undefined> {
    return this.#db.get<Holding>(
      `SELECT i.id, i.file, i.file_bytes AS fileBytes, i.file_state = 'lost' AS isLost,
         i.pacs_state AS pacsState, i.data_set_bytes AS dataSetBytes,
         d.sealed_bytes AS sealedBytes, d.sealed_sha256 AS sealedSha256
       FROM instances i LEFT JOIN deliveries d ON d.instance_id = i.id AND d.agent = ? AND d.ulid = ?
       WHERE i.sop_instance_uid = ? AND i.data_set_sha256 = ? AND i.transfer_syntax_uid = ?`,
      agent,
      ulid,
      trimUid(version.sopInstanceUid),
      version.dataSetSha256,
      trimUid(version.transferSyntaxUid),
    )
  }

  async studies(since: number, limit: number): Promise<StoredStudy[]> {
    return this.#db.all<StoredStudy>(
      `WITH recent AS (SELECT study_uid, max(stored_at) AS last FROM instances INDEXED BY instances_by_time WHERE stored_at >= ?
         GROUP BY study_uid ORDER BY last DESC LIMIT ?)
       SELECT i.study_uid AS studyInstanceUid, count(*) AS instances, sum(i.file_bytes) AS bytes,
         sum(i.hold IS NOT NULL AND i.released_at IS NULL) AS held,
         max(i.stored_at) AS lastStoredAt,
         sum(i.pacs_state = 'none') AS pacsNone,
         sum(i.pacs_state = 'waiting') AS pacsWaiting,
         sum(i.pacs_state = 'held') AS pacsHeld,
         sum(i.pacs_state = 'accepted') AS pacsAccepted,
         max(CASE i.pacs_state WHEN 'accepted' THEN i.pacs_changed_at END) AS pacsAcceptedAt,
         sum(i.pacs_state = 'refused') AS pacsRefused,
         sum(i.pacs_state = 'unverified') AS pacsUnverified,
         max(CASE WHEN i.pacs_state IN ('waiting', 'refused', 'unverified') THEN i.pacs_reason
           WHEN i.hold IS NOT NULL AND i.released_at IS NULL THEN i.hold_reason END) AS pacsReason,
         (SELECT group_concat(DISTINCT a.name) FROM instances j
            JOIN deliveries d ON d.instance_id = j.id JOIN agents a ON a.kid = d.agent
            WHERE j.study_uid = i.study_uid) AS agents,
         (SELECT max(v.version) FROM (
           SELECT m.version FROM manifests m WHERE m.study_uid = i.study_uid
           GROUP BY m.agent, m.version HAVING count(DISTINCT m.part) >= max(m.parts)) v) AS receiptedVersion
       FROM recent r JOIN instances i ON i.study_uid = r.study_uid
       GROUP BY i.study_uid ORDER BY lastStoredAt DESC`,
      since,
      limit,
    )
  }

  async count(): Promise<{ instances: number; held: number; conflicts: number }> {
    // No row is ever deleted, so the highest number is the count, and needs no walk over millions of rows.
    const row = this.#db.get<{ instances: number; held: number; conflicts: number }>(
      `SELECT (SELECT coalesce(max(id), 0) FROM instances) AS instances,
         (SELECT count(*) FROM instances WHERE hold IS NOT NULL AND released_at IS NULL) AS held,
         (SELECT count(*) FROM instances WHERE hold = 'conflict' AND released_at IS NULL) AS conflicts`,
    )
    return row ?? { instances: 0, held: 0, conflicts: 0 }
  }

  async conflictsHeldFromPacs(): Promise<number> {
    const sql = `SELECT count(*) AS n FROM instances WHERE pacs_state = 'held' AND hold = 'conflict'`
    return this.#db.get<{ n: number }>(sql)?.n ?? 0
  }

  async held(which: 'waiting' | 'released', limit: number): Promise<HeldInstance[]> {
    return held(this.#db, which, limit)
  }

  async release(what: ReleaseTarget, by: string, now: number): Promise<number> {
    return this.#db.durably(() => release(this.#db, what, by, now))
  }

  #versionOf(version: StoredVersion): KnownVersion | undefined {
    return this.#db.get<KnownVersion>(
      `SELECT id, file, file_bytes AS fileBytes, file_state = 'lost' AS isLost FROM instances
       WHERE sop_instance_uid = ? AND data_set_sha256 = ? AND transfer_syntax_uid = ?`,
      version.sopInstanceUid,
      version.dataSetSha256,
      version.transferSyntaxUid,
    )
  }

  /**
   * The PACS's answer about it stays true; an instance that still waits for the PACS is sent from the new file, at
   * once.
   */
  #heal({ id, file: old }: KnownVersion, member: StoredMember & { file: string }, now: number): void {
    const { file, fileBytes, fileSha256 } = member
    if (file !== old) {
      this.#db.run(
        `INSERT OR IGNORE INTO damaged_files (file, instance_id, lost_at, lost_reason)
         SELECT file, id, lost_at, lost_reason FROM instances WHERE id = ?`,
        id,
      )
    }
    this.#db.run(
      `UPDATE instances SET file = ?, file_bytes = ?, file_sha256 = ?, file_state = 'whole', lost_at = NULL,
         lost_reason = NULL, pacs_attempts = 0, pacs_next_at = ? WHERE id = ?`,
      file,
      fileBytes,
      fileSha256,
      now,
      id,
    )
    tellAgents(this.#db, [id])
  }

  #insert(agent: string, member: StoredMember, terms: SettleTerms): number {
    const { hold, reason, pacsState } = decideClaim(this.#db, agent, member, terms)
    const row = this.#db.get<{ id: number }>(
      `INSERT INTO instances (study_uid, series_uid, sop_instance_uid, sop_class_uid, transfer_syntax_uid,
         data_set_bytes, data_set_sha256, file, file_bytes, file_sha256, stored_at, agent, policy, hold, hold_reason, pacs_state,
         pacs_next_at, pacs_changed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      member.studyInstanceUid,
      member.seriesInstanceUid,
      member.sopInstanceUid,
      member.sopClassUid,
      member.transferSyntaxUid,
      member.dataSetBytes,
      member.dataSetSha256,
      member.file ?? null,
      member.fileBytes,
      member.fileSha256,
      terms.now,
      agent,
      member.policy,
      hold,
      reason,
      pacsState,
      terms.now,
      terms.now,
    )
    return Number(row?.id)
  }

  /**
   * The same version arrived again. If it was held as another agent's, or not meant for any PACS, this delivery may
   * have the better claim; so no agent can keep an image from the PACS by bringing its bytes first.
   */
  #claimAgain(agent: string, member: StoredMember, id: number, terms: SettleTerms): void {
    const before = this.#db.get<{ hold: string | null; policy: string; released: number }>(
      'SELECT hold, policy, released_at IS NOT NULL AS released FROM instances WHERE id = ?',
      id,
    )
    if (before === undefined || before.released === 1) return
    const isNewlyMeant = !terms.pacs.takes(before.policy) && terms.pacs.takes(member.policy)
    if (before.hold !== 'foreign' && !isNewlyMeant) return
    const { hold, reason, pacsState } = decideClaim(this.#db, agent, member, terms, id)
    if (hold === 'foreign' && !isNewlyMeant) return
    this.#db.run(
      `UPDATE instances SET agent = ?, policy = ?, hold = ?, hold_reason = ?, pacs_state = ?, pacs_next_at = ?,
         pacs_changed_at = ? WHERE id = ?`,
      agent,
      isNewlyMeant ? member.policy : before.policy,
      hold,
      reason,
      isNewlyMeant || terms.pacs.takes(before.policy) ? pacsState : 'none',
      terms.now,
      terms.now,
      id,
    )
  }

  #deliver(agent: string, member: StoredMember, instanceId: number, now: number): void {
    this.#db.run(
      `INSERT OR REPLACE INTO deliveries (agent, ulid, instance_id, sealed_bytes, sealed_sha256, delivered_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
      agent,
      member.ulid,
      instanceId,
      member.sealedBytes,
      member.sealedSha256,
      now,
    )
  }
}
