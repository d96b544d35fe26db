import type { Database } from '../../../platform/sqlite.ts'
import type { FailingTarget, MessageRegister } from '../condition-register.ts'

export class SqliteMessages implements MessageRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async told(target: string): Promise<{ content: string; toldAt: number }[]> {
    return this.#db.all('SELECT content, told_at AS toldAt FROM told_conditions WHERE target = ?', target)
  }

  async sent(
    target: string,
    now: number,
    told: readonly { code: string; subject: string | null; content: string }[],
    ended: readonly { code: string; subject: string | null }[],
  ): Promise<void> {
    this.#db.durably(() => {
      for (const { code, subject, content } of told)
        this.#db.run(
          'INSERT OR REPLACE INTO told_conditions (target, code, subject, told_at, content) VALUES (?, ?, ?, ?, ?)',
          target,
          code,
          subject ?? '',
          now,
          content,
        )
      for (const { code, subject } of ended)
        this.#db.run(
          'DELETE FROM told_conditions WHERE target = ? AND code = ? AND subject = ?',
          target,
          code,
          subject ?? '',
        )
      this.#db.run(
        `INSERT INTO message_targets (target, sent_at) VALUES (?, ?)
         ON CONFLICT (target) DO UPDATE SET sent_at = excluded.sent_at, failing_since = NULL, reason = NULL`,
        target,
        now,
      )
    })
  }

  async failed(target: string, now: number, reason: string): Promise<void> {
    this.#db.run(
      `INSERT INTO message_targets (target, failing_since, reason) VALUES (?, ?, ?)
       ON CONFLICT (target) DO UPDATE SET failing_since = coalesce(failing_since, excluded.failing_since),
         reason = excluded.reason`,
      target,
      now,
      reason,
    )
  }

  async settled(target: string): Promise<void> {
    this.#db.run(
      'UPDATE message_targets SET failing_since = NULL, reason = NULL WHERE target = ? AND failing_since IS NOT NULL',
      target,
    )
  }

  async lastSentAt(target: string): Promise<number | undefined> {
    const sql = 'SELECT sent_at AS sentAt FROM message_targets WHERE target = ?'
    return this.#db.get<{ sentAt: number | null }>(sql, target)?.sentAt ?? undefined
  }

  async failing(): Promise<FailingTarget[]> {
    return this.#db.all<FailingTarget>(
      `SELECT target, failing_since AS since, reason FROM message_targets
       WHERE failing_since IS NOT NULL ORDER BY target`,
    )
  }

  async keepOnly(targets: readonly string[]): Promise<void> {
    const kept = JSON.stringify(targets)
    const gone = 'target NOT IN (SELECT value FROM json_each(?))'
    this.#db.durably(() => {
      this.#db.run(`DELETE FROM told_conditions WHERE ${gone}`, kept)
      this.#db.run(`DELETE FROM message_targets WHERE ${gone}`, kept)
    })
  }
}
