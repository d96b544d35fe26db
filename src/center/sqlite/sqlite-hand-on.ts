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
    const first =
      this.#db.get<HandOnInstance>(FIRST('<= ?'), now) ??
      this.#db.get<HandOnInstance>(FIRST('> ?'), now + LONGEST_WAIT_MS)
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

  /** In slices, since a running center writes to the same register and must not wait for long. */
  async retry(studyUid?: string): Promise<number> {
    if (studyUid !== undefined) return this.#retry(RETRY_STUDY, studyUid)
    let retried = 0
    for (const sql of RETRY_ALL) {
      for (let some = AT_ONCE; some === AT_ONCE; retried += some) some = this.#retry(sql, AT_ONCE)
    }
    return retried
  }

  #retry(sql: string, value: string | number): number {
    return this.#db.durably(() => this.#db.run(sql, value))
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

const FIRST = (when: string): string => `
  SELECT ${COLUMNS} FROM instances INDEXED BY instances_for_the_pacs
  WHERE ${WAITS} AND pacs_next_at ${when} ORDER BY pacs_next_at, id LIMIT 1`
/** Instances made due in one transaction. */
const AT_ONCE = 1000
const RETRY = "UPDATE instances SET pacs_state = 'waiting', pacs_next_at = 0 WHERE"
const RETRY_STUDY = `${RETRY} study_uid = ? AND pacs_state IN ('waiting', 'refused', 'unverified')`
const RETRY_ALL = [
  `${WAITS} AND pacs_next_at > 0`,
  "pacs_state = 'refused'",
  "pacs_state = 'unverified'",
].map((which) => `${RETRY} id IN (SELECT id FROM instances WHERE ${which} LIMIT ?)`)

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
