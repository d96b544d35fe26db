import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Failure, failureFrom, systemCode } from './failure.ts'
import { withPath } from './path-trouble.ts'
import { makeDatabasePrivate } from './private-file.ts'
import { immediately } from './sqlite-driver/immediately.ts'
import type { SqliteConnection, SqliteStatement, SqlValue } from './sqlite-driver/sqlite-connection.ts'
import { sqliteDriver } from './sqlite-driver/sqlite-driver.ts'

export type SqlRow = Record<string, SqlValue>

/** Memory for pages of the file, for each connection: the drivers' own defaults differ. */
const CACHE_KIB = 16_000

/**
 * The only access to SQLite (docs/decisions/0002). Synchronous by nature: transactions are short and never span an
 * await.
 *
 * The database runs at synchronous=NORMAL, whichever driver opens it: commits survive the death of the process, but not of
 * the machine. Rows that can be derived again are written in that mode,
 * with `transaction`; others (receipts, decisions, enrolment) are written with `durably`, which sets FULL and reads it
 * back.
 */
export class Database {
  readonly #db: SqliteConnection
  readonly #statements = new Map<string, SqliteStatement>()
  readonly #makeRoom: () => boolean
  readonly #before: () => void

  private constructor(db: SqliteConnection, makeRoom: () => boolean, before: () => void = () => {}) {
    this.#db = db
    this.#makeRoom = makeRoom
    this.#before = before
  }

  /**
   * Opens or creates the file and brings its schema up to the numbered files of `schemaFolder` (NN-*.sql). Throws
   * DATABASE_DAMAGED for a file that is not (or no longer) a database, DATABASE_NEWER, DATABASE_ERROR.
   *
   * `makeRoom` is called if the disk is full; if it returns true, the failed step is tried once more.
   */
  static open(path: string, schemaFolder: string, makeRoom: () => boolean = () => false): Database {
    let db: SqliteConnection | undefined
    try {
      const files = schemaFiles(schemaFolder)
      makeDatabasePrivate(path)
      db = sqliteDriver().open(path)
      refuseNewer(db, path, files)
      db.pragma('journal_mode = WAL')
      // Each checkpoint costs the device some four flushes; 16 MiB of log are read back in well under a second.
      db.pragma('wal_autocheckpoint = 4000')
      // Deleted rows are overwritten with zeros: a sealed name must not remain in a free page.
      db.pragma('secure_delete = ON')
      db.pragma('synchronous = NORMAL')
      db.pragma(`cache_size = ${-CACHE_KIB}`)
      migrate(db, path, files)
      return new Database(db, makeRoom)
    } catch (error) {
      db?.close()
      throw openingFailure(withPath(error, path), `opening the database ${path}`)
    }
  }

  /**
   * Opens an existing file for reading only, while another process may be writing to it. Throws DATABASE_DAMAGED,
   * DATABASE_NEWER, DATABASE_ERROR.
   */
  static openToRead(path: string, schemaFolder: string): Database {
    let db: SqliteConnection | undefined
    try {
      db = sqliteDriver().open(path, { access: 'read' })
      refuseNewer(db, path, schemaFiles(schemaFolder))
      db.pragma(`cache_size = ${-CACHE_KIB}`)
      return new Database(db, () => false)
    } catch (error) {
      db?.close()
      throw openingFailure(withPath(error, path), `opening the database ${path}`)
    }
  }

  /**
   * Returns this database for those who must see rows that are written late: `before` is called before each use outside
   * of a transaction, and writes them. It uses this object, and does not throw.
   */
  after(before: () => void): Database {
    return new Database(this.#db, this.#makeRoom, before)
  }

  /** The number of the newest schema file that the database has seen. */
  get schemaVersion(): number {
    return versionOf(this.#db)
  }

  /** Returns one statement's rows. Statements are compiled once and kept. */
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

  /** All or nothing, but a crash of the machine may undo it: for rows that are rebuilt from files. */
  transaction<Result>(work: () => Result): Result {
    return this.#guard(() => immediately(this.#db, work))
  }

  /** All or nothing, and on the disk before this returns. */
  durably<Result>(work: () => Result): Result {
    return this.#guard(() => {
      this.#db.pragma('synchronous = FULL')
      try {
        return immediately(this.#db, () => {
          const level = this.#db.pragma('synchronous')
          if (level !== 2)
            throw new Failure('DATABASE_ERROR', `synchronous is ${String(level)} where FULL was set`)
          return work()
        })
      } finally {
        this.#db.pragma('synchronous = NORMAL')
      }
    })
  }

  /**
   * Reads the whole database, half a second for 100,000 instances, and throws DATABASE_DAMAGED if its structure is not
   * whole. Damage that is found later, in use, is an ordinary DATABASE_ERROR.
   */
  check(): void {
    const attempted = 'looking at the whole database'
    try {
      const found = this.#db.pragma('quick_check(1)')
      if (found !== 'ok') throw new Failure('DATABASE_DAMAGED', `${attempted}: ${String(found)}`)
    } catch (error) {
      throw openingFailure(error, attempted)
    }
  }

  /** Moves all committed pages into the database file and empties its log: old pages are removed with it. */
  emptyLog(): void {
    this.#guard(() => this.#db.pragma('wal_checkpoint(TRUNCATE)'))
  }

  /**
   * Leaves checkpoints to {@link DatabaseCare}: commits make one only if the log has grown far beyond its limit. A log
   * that was once long is truncated.
   */
  leaveCheckpoints(): void {
    this.#db.pragma('wal_autocheckpoint = 16000')
    this.#db.pragma(`journal_size_limit = ${64 * 1024 * 1024}`)
  }

  close(): void {
    this.#db.close()
  }

  #run<Result>(sql: string, use: (statement: SqliteStatement) => Result): Result {
    return this.#guard(() => {
      let statement = this.#statements.get(sql)
      if (statement === undefined) {
        statement = this.#db.prepare(sql)
        this.#statements.set(sql, statement)
      }
      return use(statement)
    })
  }

  /** A statement inside a transaction is not tried again alone: the whole transaction is. */
  #guard<Result>(work: () => Result): Result {
    const isWhole = !this.#db.inTransaction
    if (isWhole) this.#before()
    try {
      return work()
    } catch (error) {
      const failure = databaseFailure(error, 'using the database')
      if (failure.code !== 'STORAGE_FULL' || !isWhole || !this.#makeRoom()) throw failure
    }
    try {
      return work()
    } catch (error) {
      throw databaseFailure(error, 'using the database')
    }
  }
}

/** The numbered files of a schema, NN-*.sql, from 01 on without a gap: a file's number is the version that it leads to. */
function schemaFiles(folder: string): string[] {
  const files = globSync(`${folder}/[0-9][0-9]-*.sql`).toSorted()
  for (const [index, file] of files.entries()) {
    if (Number(basename(file).slice(0, 2)) !== index + 1)
      throw new Failure('INTERNAL', `schema file ${file} is out of order`)
  }
  return files
}

/** A schema file's number has two digits. */
const LAST_VERSION = 99

/** Checked before anything is changed: a database of a later version is left exactly as it is. */
function refuseNewer(db: SqliteConnection, path: string, files: readonly string[]): void {
  const version = versionOf(db)
  if (version > 0 && version <= files.length) return
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
  if (version === 0 && isEmpty) return
  if (version <= 0 || version > LAST_VERSION)
    throw new Failure('DATABASE_DAMAGED', `${path} has schema ${version}, which no program writes`)
  throw new Failure(
    'DATABASE_NEWER',
    `${path} has schema ${version}, this program knows ${files.length}: start the newer version that wrote it`,
  )
}

/**
 * Forward only, and completely or not at all: after a failure or crash the earlier version remains, which the previous
 * program still opens.
 */
function migrate(db: SqliteConnection, path: string, files: readonly string[]): void {
  if (versionOf(db) === files.length) return
  immediately(db, () => {
    // Checked again: another process (the operator's command line) may have been first.
    refuseNewer(db, path, files)
    for (const file of files.slice(versionOf(db))) {
      try {
        db.exec(readFileSync(file, 'utf8'))
      } catch (error) {
        throw databaseFailure(error, `bringing ${path} to the schema of ${basename(file)}`)
      }
    }
    db.pragma(`user_version = ${files.length}`)
  })
}

function versionOf(db: SqliteConnection): number {
  return Number(db.pragma('user_version'))
}

function databaseFailure(error: unknown, attempted: string): Failure {
  const isFull = systemCode(error) === 'SQLITE_FULL'
  return failureFrom(error, isFull ? 'STORAGE_FULL' : 'DATABASE_ERROR', attempted)
}

/** True for SQLite's codes of a file that is not (or no longer) a database. */
export function isDamageCode(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_IOERR_SHORT_READ'
}

function openingFailure(error: unknown, attempted: string): Failure {
  const isDamaged = isDamageCode(systemCode(error) ?? '')
  return isDamaged ? failureFrom(error, 'DATABASE_DAMAGED', attempted) : databaseFailure(error, attempted)
}
