import { setImmediate } from 'node:timers/promises'
import { LONGEST_WAIT_MS } from '../../../platform/backoff.ts'
import type { Database } from '../../../platform/sqlite.ts'
import type { HandOnInstance, HandOnOutcome, HandOnRegister, PacsCounts } from '../register.ts'

const COLUMNS = `id, study_uid AS studyInstanceUid, series_uid AS seriesInstanceUid, sop_instance_uid AS sopInstanceUid,
  transfer_syntax_uid AS transferSyntaxUid, data_set_sha256 AS dataSetSha256, file,
  file_bytes AS fileBytes, file_sha256 AS fileSha256, pacs_attempts AS attempts`

/** A lost instance has no file that could be handed on. */
const WAITS = "pacs_state = 'waiting' AND file_state = 'whole'"

export class SqliteHandOn implements HandOnRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async due(
    now: number,
    limits: { instances: number; bytes: number },
    from: 'oldest' | 'newest' = 'oldest',
  ): Promise<HandOnInstance[]> {
    // A time beyond the longest wait was set by a clock that has jumped back since.
    const first =
      this.#db.get<HandOnInstance>(FIRST('<= ?', from), now) ??
      this.#db.get<HandOnInstance>(FIRST('> ?', from), now + LONGEST_WAIT_MS)
    if (first === undefined || first.attempts > 0) return first === undefined ? [] : [first]
    const ofStudy = this.#db.all<HandOnInstance>(
      `SELECT ${COLUMNS} FROM instances
       WHERE study_uid = ? AND ${WAITS} AND pacs_attempts = 0 ORDER BY id LIMIT ?`,
      first.studyInstanceUid,
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

  async settle(outcomes: readonly HandOnOutcome[], now: number): Promise<void> {
    this.#db.durably(() => {
      for (const { id, state, reason, failed, nextAt } of outcomes) {
        this.#db.run(
          `UPDATE instances SET pacs_changed_at = iif(pacs_state = ?, pacs_changed_at, ?), pacs_state = ?, pacs_reason = ?,
             pacs_attempts = pacs_attempts + ?, pacs_next_at = ? WHERE id = ?`,
          state,
          now,
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
  async retry(now: number, studyInstanceUid?: string): Promise<number> {
    let retried = 0
    if (studyInstanceUid !== undefined)
      retried = this.#db.durably(() => this.#db.run(RETRY_STUDY, now, studyInstanceUid))
    else for (const sql of RETRY_ALL) retried += this.#inSlices(sql, now)
    this.#db.durably(() => this.#db.run(COUNT_RETRY, now))
    return retried
  }

  async retries(): Promise<number> {
    return this.#db.get<{ n: number }>(RETRIES)?.n ?? 0
  }

  async adopt(takes: (policy: string) => boolean, now: number, signal: AbortSignal): Promise<number> {
    let adopted = 0
    for (const policy of this.#policies('none').filter(takes)) {
      for (let some = AT_ONCE; some === AT_ONCE; adopted += some) {
        if (signal.aborted) return adopted
        some = this.#db.durably(() => this.#db.run(ADOPT, now, now, policy, AT_ONCE))
        await setImmediate()
      }
    }
    return adopted
  }

  async disown(takes: (policy: string) => boolean, now: number): Promise<number> {
    let disowned = 0
    for (const state of ['waiting', 'held', 'refused']) {
      for (const policy of this.#policies(state).filter((one) => !takes(one)))
        disowned += this.#inSlices(DISOWN(state), now, policy)
    }
    return disowned
  }

  /** Policies of the instances in this state, by a step from each to the next in the index. */
  #policies(state: string): string[] {
    const policies: string[] = []
    for (let last = ''; ; ) {
      const next = this.#db.get<{ policy: string | null }>(NEXT_POLICY(state), last)?.policy
      if (next === null || next === undefined) return policies
      policies.push(next)
      last = next
    }
  }

  #inSlices(sql: string, ...values: (string | number)[]): number {
    let changed = 0
    for (let some = AT_ONCE; some === AT_ONCE; changed += some)
      some = this.#db.durably(() => this.#db.run(sql, ...values, AT_ONCE))
    return changed
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

const FIRST = (when: string, from: 'oldest' | 'newest'): string => `
  SELECT ${COLUMNS} FROM instances INDEXED BY instances_for_the_pacs
  WHERE ${WAITS} AND pacs_next_at ${when}
  ORDER BY ${from === 'oldest' ? 'pacs_next_at, id' : 'pacs_next_at DESC, id DESC'} LIMIT 1`
/** Instances changed in one transaction. */
const AT_ONCE = 1000
const RETRY = `
  UPDATE instances SET pacs_changed_at = iif(pacs_state = 'waiting', pacs_changed_at, ?), pacs_state = 'waiting',
    pacs_next_at = 0 WHERE`
const RETRY_STUDY = `${RETRY} study_uid = ? AND file_state = 'whole' AND pacs_state IN ('waiting', 'refused', 'unverified')`
const RETRY_ALL = [
  `${WAITS} AND pacs_next_at > 0`,
  "pacs_state = 'refused'",
  "pacs_state = 'unverified'",
].map((which) => `${RETRY} id IN (SELECT id FROM instances WHERE ${which} LIMIT ?)`)
const COUNT_RETRY = `
  INSERT INTO notes (name, since, message) VALUES ('RETRIED', ?, '1')
  ON CONFLICT (name) DO UPDATE SET since = excluded.since, message = CAST(message AS INTEGER) + 1`
const RETRIES = "SELECT CAST(message AS INTEGER) AS n FROM notes WHERE name = 'RETRIED'"
const NEXT_POLICY = (state: string): string => `
  SELECT min(policy) AS policy FROM instances INDEXED BY instances_by_policy WHERE pacs_state = '${state}' AND pacs_state <> 'accepted' AND policy > ?`
const OF_POLICY = (state: string): string => `
  id IN (SELECT id FROM instances INDEXED BY instances_by_policy WHERE pacs_state = '${state}' AND pacs_state <> 'accepted' AND policy = ? LIMIT ?)`
/** As if it arrived now; instances that an operator has not released are held. */
const ADOPT = `
  UPDATE instances SET pacs_state = iif(hold IS NULL OR released_at IS NOT NULL, 'waiting', 'held'), pacs_attempts = 0,
    pacs_next_at = ?, pacs_changed_at = ? WHERE ${OF_POLICY('none')}`
const DISOWN = (state: string): string => `
  UPDATE instances SET pacs_state = 'none', pacs_reason = NULL, pacs_changed_at = ? WHERE ${OF_POLICY(state)}`

/**
 * Returns as many from the front as fit, at least one; an answer identifies instances by their UID, so each UID occurs
 * once.
 */
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
