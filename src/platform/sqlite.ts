import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { Failure, failureFrom, systemCode } from './failure.ts'

export type SqlValue = string | number | bigint | Buffer | null
export type SqlRow = Record<string, SqlValue>

/**
 * The one door to SQLite (docs/decisions/0002). Synchronous by nature: transactions are short and never span an await.
 *
 * better-sqlite3 is built so that a WAL database runs at synchronous=NORMAL whatever it reports first: commits survive
 * the death of the process, but not of the machine. What can be derived again is written so, with `transaction`; what
 * cannot (receipts, decisions, enrolment) is written with `durably`, which sets FULL and reads it back.
 */
export class Database {
  readonly #db: BetterSqlite3.Database
  readonly #statements = new Map<string, BetterSqlite3.Statement>()

  private constructor(db: BetterSqlite3.Database) {
    this.#db = db
  }

  /** Opens or creates the file and brings its schema up to the numbered files of `schemaFolder` (NN-*.sql). */
  static open(path: string, schemaFolder: string): Database {
    let db: BetterSqlite3.Database | undefined
    try {
      db = new BetterSqlite3(path)
      db.pragma('journal_mode = WAL')
      db.pragma('foreign_keys = ON')
      db.pragma('busy_timeout = 5000')
      db.pragma('synchronous = NORMAL')
      migrate(db, path, schemaFolder)
      return new Database(db)
    } catch (error) {
      db?.close()
      throw failureFrom(error, 'DATABASE_ERROR', `opening the database ${path}`)
    }
  }

  /** One statement's rows. Statements are compiled once and kept. */
  all<Row = SqlRow>(sql: string, ...values: SqlValue[]): Row[] {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- STRICT tables and the statement's own column names
    return this.#run(sql, (statement) => statement.all(...values) as Row[])
  }

  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the statement's row
  get<Row = SqlRow>(sql: string, ...values: SqlValue[]): Row | undefined {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
    return this.#run(sql, (statement) => statement.get(...values) as Row | undefined)
  }

  /** Runs one statement; returns the number of rows that it changed. */
  run(sql: string, ...values: SqlValue[]): number {
    return this.#run(sql, (statement) => statement.run(...values).changes)
  }

  /** All or nothing, but the machine's death may undo it: for what is rebuilt from files. */
  transaction<Result>(work: () => Result): Result {
    return this.#guard(() => this.#db.transaction(work).immediate())
  }

  /** All or nothing, and on the disk before this returns. */
  durably<Result>(work: () => Result): Result {
    return this.#guard(() => {
      this.#db.pragma('synchronous = FULL')
      try {
        const result = this.#db
          .transaction(() => {
            const level = this.#db.pragma('synchronous', { simple: true })
            if (level !== 2)
              throw new Failure('DATABASE_ERROR', `synchronous is ${String(level)} where FULL was set`)
            return work()
          })
          .immediate()
        return result
      } finally {
        this.#db.pragma('synchronous = NORMAL')
      }
    })
  }

  close(): void {
    this.#db.close()
  }

  #run<Result>(sql: string, use: (statement: BetterSqlite3.Statement) => Result): Result {
    return this.#guard(() => {
      let statement = this.#statements.get(sql)
      if (statement === undefined) {
        statement = this.#db.prepare(sql)
        this.#statements.set(sql, statement)
      }
      return use(statement)
    })
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      throw failureFrom(
        error,
        systemCode(error) === 'SQLITE_FULL' ? 'STORAGE_FULL' : 'DATABASE_ERROR',
        'using the database',
      )
    }
  }
}

function migrate(db: BetterSqlite3.Database, path: string, schemaFolder: string): void {
  const files = globSync(`${schemaFolder}/[0-9][0-9]-*.sql`).toSorted()
  const version = Number(db.pragma('user_version', { simple: true }))
  if (version > files.length) {
    throw new Failure(
      'DATABASE_NEWER',
      `${path} has schema ${version}, this program knows ${files.length}: start the newer version that wrote it`,
    )
  }
  for (const [index, file] of files.entries()) {
    const number = index + 1
    if (Number(basename(file).slice(0, 2)) !== number)
      throw new Failure('INTERNAL', `schema file ${file} is out of order`)
    if (number <= version) continue
    db.transaction(() => {
      db.exec(readFileSync(file, 'utf8'))
      db.pragma(`user_version = ${number}`)
    }).immediate()
  }
}
