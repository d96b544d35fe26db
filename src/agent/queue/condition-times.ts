import type { Database } from '../../platform/sqlite.ts'

/** A condition of the agent and when it was first seen. */
interface ConditionTime {
  readonly code: string
  readonly subject: string | null
  readonly since: number
}

/** Keeps the beginning of every condition until the condition ends, also across restarts of the agent. */
export class ConditionTimes {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  list(): ConditionTime[] {
    return this.#database
      .all<{ code: string; subject: string; since: number }>(
        'SELECT code, subject, since FROM condition_time ORDER BY code, subject',
      )
      .map((row) => ({ ...row, subject: row.subject === '' ? null : row.subject }))
  }

  /** Takes the conditions that hold now: new ones begin now, and those that are not among them have ended. */
  observe(conditions: readonly Pick<ConditionTime, 'code' | 'subject'>[], now: number): void {
    const keys = new Set(conditions.map(keyOf))
    const before = this.list()
    const known = new Set(before.map(keyOf))
    const begun = conditions.filter((condition) => !known.has(keyOf(condition)))
    const ended = before.filter((one) => !keys.has(keyOf(one)))
    if (begun.length + ended.length === 0) return
    this.#database.transaction(() => {
      for (const { code, subject } of begun)
        this.#database.run('INSERT OR IGNORE INTO condition_time VALUES (?, ?, ?)', code, subject ?? '', now)
      for (const { code, subject } of ended)
        this.#database.run('DELETE FROM condition_time WHERE code = ? AND subject = ?', code, subject ?? '')
    })
  }
}

const keyOf = ({ code, subject }: Pick<ConditionTime, 'code' | 'subject'>): string =>
  JSON.stringify([code, subject ?? ''])
