import type { Database } from '../../../platform/sqlite.ts'
import type { Note, NoteName, NoteRegister } from '../register.ts'

export class SqliteNotes implements NoteRegister {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async keep(name: NoteName, now: number, message: string): Promise<void> {
    this.#db.run(
      `INSERT INTO notes (name, since, message) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET message = excluded.message`,
      name,
      now,
      message,
    )
  }

  async clear(name: NoteName): Promise<void> {
    this.#db.run('DELETE FROM notes WHERE name = ?', name)
  }

  async list(): Promise<Note[]> {
    return this.#db.all<{ name: NoteName; since: number; message: string }>(
      'SELECT name, since, message FROM notes ORDER BY since',
    )
  }
}
