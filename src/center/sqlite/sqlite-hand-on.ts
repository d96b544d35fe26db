import { LONGEST_WAIT_MS } from '../../platform/backoff.ts'
import type { Database } from '../../platform/sqlite.ts'
import type { HandOnInstance, HandOnOutcome, HandOnRegister, PacsCounts } from '../register.ts'

const COLUMNS = `id, study_uid AS studyUid, series_uid AS seriesUid, sop_instance_uid AS sopInstanceUid,
  transfer_syntax_uid AS transferSyntaxUid, data_set_sha256 AS dataSetSha256, file,
  file_bytes AS fileBytes, file_sha256 AS fileSha256, pacs_attempts AS attempts`

/** A lost instance has no file that could be handed on. */
const WAITS = "pacs_state = 'waiting' AND file_state = 'whole'"

export class SqliteHandOn implements HandOnRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async due(now: number, limits: { instances: number; bytes: number }): Promise<HandOnInstance[]> {
    // What lies further off than any wait was told to wait by a clock that has jumped back since.
    const first = this.#db.get<HandOnInstance>(
      `SELECT ${COLUMNS} FROM instances WHERE ${WAITS}
         AND (pacs_next_at <= ? OR pacs_next_at > ?) ORDER BY pacs_next_at, id LIMIT 1`,
      now,
      now + LONGEST_WAIT_MS,
    )
    if (first === undefined || first.attempts > 0) return first === undefined ? [] : [first]
    const ofStudy = this.#db.all<HandOnInstance>(
      `SELECT ${COLUMNS} FROM instances
       WHERE study_uid = ? AND ${WAITS} AND pacs_attempts = 0 ORDER BY id LIMIT ?`,
      first.studyUid,
      limits.instances,
    )
    return withinBytes(ofStudy, limits.bytes)
  }

  async nextDueAt(): Promise<number | undefined> {
    const row = this.#db.get<{ at: number | null }>(
      `SELECT min(pacs_next_at) AS at FROM instances WHERE ${WAITS}`,
    )
    return row?.at ?? undefined
  }

  async settle(outcomes: readonly HandOnOutcome[]): Promise<void> {
    this.#db.durably(() => {
      for (const { id, state, reason, failed, nextAt } of outcomes) {
        this.#db.run(
          `UPDATE instances SET pacs_state = ?, pacs_reason = ?, pacs_attempts = pacs_attempts + ?, pacs_next_at = ?
           WHERE id = ?`,
          state,
          reason,
          Number(failed),
          nextAt,
          id,
        )
      }
    })
  }

  async retry(studyUid?: string): Promise<number> {
    return this.#db.durably(() =>
      this.#db.run(
        `UPDATE instances SET pacs_state = 'waiting', pacs_next_at = 0
         WHERE pacs_state IN ('waiting', 'refused', 'unverified') AND (study_uid = ? OR ? IS NULL)`,
        studyUid ?? null,
        studyUid ?? null,
      ),
    )
  }

  async count(): Promise<PacsCounts> {
    const row = this.#db.get<PacsCounts>(
      `SELECT (SELECT count(*) FROM instances WHERE ${WAITS}) AS waiting,
         (SELECT count(*) FROM instances WHERE pacs_state = 'held') AS held,
         (SELECT count(*) FROM instances WHERE pacs_state = 'refused') AS refused,
         (SELECT count(*) FROM instances WHERE pacs_state = 'unverified') AS unverified`,
    )
    return row ?? { waiting: 0, held: 0, refused: 0, unverified: 0 }
  }
}

/** As many from the front as fit, at least one; an answer names instances by their UID, so none twice. */
function withinBytes(instances: readonly HandOnInstance[], limit: number): HandOnInstance[] {
  const chosen = new Map<string, HandOnInstance>()
  let bytes = 0
  for (const instance of instances) {
    if (chosen.size > 0 && (bytes + instance.fileBytes > limit || chosen.has(instance.sopInstanceUid))) break
    bytes += instance.fileBytes
    chosen.set(instance.sopInstanceUid, instance)
  }
  return [...chosen.values()]
}
