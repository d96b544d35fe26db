import BetterSqlite3 from 'better-sqlite3'
import type { SqliteConnection, SqliteOptions, SqliteStatement } from './sqlite-connection.ts'

/** Opens a file through the addon. Throws ERR_DLOPEN_FAILED if this system cannot load it. */
export function openByBetterSqlite3(path: string, { access, timeoutMs }: SqliteOptions): SqliteConnection {
  const options = {
    readonly: access === 'read',
    fileMustExist: access === 'write',
    timeout: timeoutMs ?? 5000,
  }
  return new BetterSqlite3Connection(openOrSay(path, options))
}

class BetterSqlite3Connection implements SqliteConnection {
  readonly #db: BetterSqlite3.Database

  constructor(db: BetterSqlite3.Database) {
    this.#db = db
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction
  }

  prepare(sql: string): SqliteStatement {
    return this.#db.prepare(sql)
  }

  exec(sql: string): void {
    this.#db.exec(sql)
  }

  pragma(text: string): unknown {
    return this.#db.pragma(text, { simple: true })
  }

  close(): void {
    this.#db.close()
  }
}

/** The addon reports a folder that does not exist by an error without a code; SQLite has one for it. */
function openOrSay(path: string, options: BetterSqlite3.Options): BetterSqlite3.Database {
  try {
    return new BetterSqlite3(path, options)
  } catch (error) {
    const isFolderMissing = error instanceof TypeError && error.message.includes('directory does not exist')
    throw isFolderMissing ? Object.assign(error, { code: 'SQLITE_CANTOPEN' }) : error
  }
}
