import type { Database } from '../../../platform/sqlite.ts'
import type { PackRegister, PackRow } from '../register.ts'

const SELECT = 'SELECT upload_id AS uploadId, agent, pack, bytes, created_at AS createdAt, answer FROM packs'

export class SqlitePacks implements PackRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async create(row: Omit<PackRow, 'answer'>): Promise<PackRow> {
    return this.#db.durably(() => {
      const known = this.#announced(row.agent, row.pack)
      if (known !== undefined) return known
      this.#db.run(
        'INSERT INTO packs (upload_id, agent, pack, bytes, created_at) VALUES (?, ?, ?, ?, ?)',
        row.uploadId,
        row.agent,
        row.pack,
        row.bytes,
        row.createdAt,
      )
      return { ...row, answer: null }
    })
  }

  async find(uploadId: string): Promise<PackRow | undefined> {
    return this.#db.get<PackRow>(`${SELECT} WHERE upload_id = ?`, uploadId)
  }

  async announced(agent: string, pack: string): Promise<PackRow | undefined> {
    return this.#announced(agent, pack)
  }

  async unanswered(): Promise<PackRow[]> {
    return this.#db.all<PackRow>(`${SELECT} WHERE answer IS NULL ORDER BY created_at`)
  }

  async createdBefore(time: number): Promise<PackRow[]> {
    return this.#db.all<PackRow>(`${SELECT} WHERE created_at < ?`, time)
  }

  async remove(uploadId: string): Promise<void> {
    this.#db.durably(() => this.#db.run('DELETE FROM packs WHERE upload_id = ?', uploadId))
  }

  #announced(agent: string, pack: string): PackRow | undefined {
    return this.#db.get<PackRow>(`${SELECT} WHERE agent = ? AND pack = ?`, agent, pack)
  }
}
