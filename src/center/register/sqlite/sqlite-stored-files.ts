import type { Database } from '../../../platform/sqlite.ts'
import type { BadFile, LostRow, StoredFile, StoredFileDigest, StoredFileRegister } from '../store-register.ts'

export class SqliteStoredFiles implements StoredFileRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async after(id: number, limit: number): Promise<StoredFileDigest[]> {
    return this.#db.all<StoredFileDigest>(
      `SELECT id, file, file_bytes AS fileBytes, file_sha256 AS fileSha256, file_state = 'lost' AS isLost
       FROM instances WHERE id > ? ORDER BY id LIMIT ?`,
      id,
      limit,
    )
  }

  async markLost(files: readonly BadFile[], now: number): Promise<number> {
    return this.#db.durably(() => {
      const lost = files.filter(
        ({ id, file, reason }) =>
          this.#db.run(
            `UPDATE instances SET file_state = 'lost', lost_at = ?, lost_reason = ?
             WHERE id = ? AND file = ? AND file_state = 'whole'`,
            now,
            reason,
            id,
            file,
          ) > 0,
      )
      tellAgents(
        this.#db,
        lost.map(({ id }) => id),
      )
      return lost.length
    })
  }

  async markFound({ id, file }: StoredFile): Promise<void> {
    this.#db.durably(() => {
      const found = this.#db.run(
        `UPDATE instances SET file_state = 'whole', lost_at = NULL, lost_reason = NULL
         WHERE id = ? AND file = ? AND file_state = 'lost'`,
        id,
        file,
      )
      if (found > 0) tellAgents(this.#db, [id])
    })
  }

  async lost(limit: number): Promise<LostRow[]> {
    return this.#db.all<LostRow>(
      `SELECT i.study_uid AS studyInstanceUid, i.sop_instance_uid AS sopInstanceUid, i.lost_at AS lostAt,
         i.lost_reason AS reason, i.file,
         coalesce((SELECT group_concat(DISTINCT a.name) FROM deliveries d JOIN agents a ON a.kid = d.agent
           WHERE d.instance_id = i.id), '') AS agents
       FROM instances i WHERE i.file_state = 'lost' ORDER BY i.lost_at, i.id LIMIT ?`,
      limit,
    )
  }

  async countLost(): Promise<{ count: number; since: number | null }> {
    const row = this.#db.get<{ count: number; since: number | null }>(
      `SELECT count(*) AS count, min(lost_at) AS since FROM instances WHERE file_state = 'lost'`,
    )
    return row ?? { count: 0, since: null }
  }

  async countKept(): Promise<number> {
    return this.#db.get<{ n: number }>('SELECT count(*) AS n FROM damaged_files')?.n ?? 0
  }

  async lostOfStudy(studyInstanceUid: string): Promise<string[]> {
    return this.#db
      .all<{ uid: string }>(
        `SELECT sop_instance_uid AS uid FROM instances WHERE study_uid = ? AND file_state = 'lost'`,
        studyInstanceUid,
      )
      .map(({ uid }) => uid)
  }
}

/**
 * Increments the losses of each agent that brought one of these instances, and of each that may hold a receipt for it
 * without having brought it: the center had the same data set from another agent.
 */
export function tellAgents(db: Database, instanceIds: readonly number[]): void {
  if (instanceIds.length === 0) return
  const ids = JSON.stringify(instanceIds)
  db.run(
    `UPDATE agents SET losses = losses + 1 WHERE kid IN (
       SELECT d.agent FROM deliveries d WHERE d.instance_id IN (SELECT value FROM json_each(?))
       UNION SELECT m.agent FROM manifests m WHERE m.study_uid IN (
         SELECT i.study_uid FROM instances i WHERE i.id IN (SELECT value FROM json_each(?))))`,
    ids,
    ids,
  )
}
