import type { Database } from '../../platform/sqlite.ts'
import type { KeyListRegister } from '../register.ts'

interface Row {
  version: number
  content: string
  jws: string
}

export class SqliteKeyLists implements KeyListRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async publish(content: string, sign: (version: number) => string): Promise<string> {
    return this.#db.durably(() => {
      const last = this.#db.get<Row>('SELECT * FROM key_lists ORDER BY version DESC LIMIT 1')
      if (last?.content === content) return last.jws
      const version = (last?.version ?? 0) + 1
      const jws = sign(version)
      this.#db.run('INSERT INTO key_lists (version, content, jws) VALUES (?, ?, ?)', version, content, jws)
      return jws
    })
  }
}
