import type { Database } from '../../../platform/sqlite.ts'
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

  async publish(
    content: string,
    { atLeast, again }: { atLeast: number; again: boolean },
    sign: (version: number) => string,
  ): Promise<{ version: number; jws: string }> {
    return this.#db.durably(() => {
      const last = this.#db.get<Row>('SELECT * FROM key_lists ORDER BY version DESC LIMIT 1')
      if (last?.content === content && !again) return last
      const version = Math.max((last?.version ?? 0) + 1, atLeast)
      const jws = sign(version)
      this.#db.run('INSERT INTO key_lists (version, content, jws) VALUES (?, ?, ?)', version, content, jws)
      return { version, jws }
    })
  }
}
