import type { Database } from '../../../platform/sqlite.ts'
import type { HeldInstance, ReleaseTarget } from '../register.ts'

const SELECT = `
  SELECT i.study_uid AS studyInstanceUid, i.sop_instance_uid AS sopInstanceUid, a.name AS agent, i.hold,
    i.hold_reason AS reason, i.stored_at AS since, i.released_at AS releasedAt, i.released_by AS releasedBy
  FROM instances i JOIN agents a ON a.kid = i.agent`

export function held(db: Database, which: 'waiting' | 'released', limit: number): HeldInstance[] {
  const rows = {
    waiting: 'WHERE i.hold IS NOT NULL AND i.released_at IS NULL ORDER BY i.id',
    released: 'WHERE i.released_at IS NOT NULL ORDER BY i.released_at DESC, i.id DESC',
  }
  return db.all<HeldInstance>(`${SELECT} ${rows[which]} LIMIT ?`, limit)
}

/** The row remains the record of who released it, and why it was held. */
export function release(db: Database, what: ReleaseTarget, by: string, now: number): number {
  const [column, uid] =
    'studyInstanceUid' in what
      ? ['study_uid', what.studyInstanceUid]
      : ['sop_instance_uid', what.sopInstanceUid]
  return db.run(
    `UPDATE instances SET released_at = ?, released_by = ?, pacs_next_at = 0,
       pacs_changed_at = iif(pacs_state = 'held', ?, pacs_changed_at),
       pacs_state = CASE pacs_state WHEN 'held' THEN 'waiting' ELSE pacs_state END
     WHERE ${column} = ? AND hold IS NOT NULL AND released_at IS NULL`,
    now,
    by,
    now,
    uid,
  )
}
