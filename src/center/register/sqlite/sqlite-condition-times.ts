import type { Database } from '../../../platform/sqlite.ts'
import type { ConditionTime, ConditionTimeRegister } from '../condition-register.ts'

export class SqliteConditionTimes implements ConditionTimeRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async list(): Promise<ConditionTime[]> {
    return this.#db
      .all<ConditionTime & { subject: string }>(
        'SELECT code, subject, since, act_since AS actSince FROM conditions ORDER BY code, subject',
      )
      .map((row) => ({ ...row, subject: row.subject === '' ? null : row.subject }))
  }

  async change(begun: readonly ConditionTime[], ended: readonly ConditionTime[]): Promise<void> {
    this.#db.durably(() => {
      for (const { code, subject } of ended)
        this.#db.run('DELETE FROM conditions WHERE code = ? AND subject = ?', code, subject ?? '')
      for (const { code, subject, since, actSince } of begun)
        this.#db.run(
          'INSERT OR REPLACE INTO conditions (code, subject, since, act_since) VALUES (?, ?, ?, ?)',
          code,
          subject ?? '',
          since,
          actSince,
        )
    })
  }
}
