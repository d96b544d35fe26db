import type { Database } from '../../../platform/sqlite.ts'
import type { MessageSilence, SilenceRegister } from '../condition-register.ts'

const SELECT = `SELECT id, code, subject, begun_at AS begunAt, begun_by AS begunBy, until, ended_at AS endedAt,
  ended_by AS endedBy FROM silences`

export class SqliteSilences implements SilenceRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async add({
    code,
    subject,
    begunAt,
    begunBy,
    until,
  }: Pick<MessageSilence, 'code' | 'subject' | 'begunAt' | 'begunBy' | 'until'>): Promise<MessageSilence> {
    return this.#db.durably(() => {
      this.#db.run(
        'INSERT INTO silences (code, subject, begun_at, begun_by, until) VALUES (?, ?, ?, ?, ?)',
        code,
        subject,
        begunAt,
        begunBy,
        until,
      )
      const id = this.#db.get<{ id: number }>('SELECT max(id) AS id FROM silences')?.id ?? 0
      return { id, code, subject, begunAt, begunBy, until, endedAt: null, endedBy: null }
    })
  }

  async list(limit: number): Promise<MessageSilence[]> {
    return this.#db.all<MessageSilence>(`${SELECT} ORDER BY id DESC LIMIT ?`, limit)
  }

  async active(now: number): Promise<MessageSilence[]> {
    return this.#db.all<MessageSilence>(`${SELECT} WHERE ended_at IS NULL AND until > ? ORDER BY id`, now)
  }

  async end(id: number, by: string, now: number): Promise<boolean> {
    const ended = this.#db.durably(() =>
      this.#db.run(
        'UPDATE silences SET ended_at = ?, ended_by = ? WHERE id = ? AND ended_at IS NULL AND until > ?',
        now,
        by,
        id,
        now,
      ),
    )
    return ended > 0
  }
}
