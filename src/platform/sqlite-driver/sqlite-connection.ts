/** A value that is bound to a statement, or that a row contains. Integers are exact up to 2^53; larger ones are not used. */
export type SqlValue = string | number | Buffer | null

export interface SqliteOptions {
  /** `create` (the default) makes a file that is missing; `write` and `read` throw SQLITE_CANTOPEN for it. */
  readonly access?: 'create' | 'write' | 'read'
  /** The time for which a statement waits for the lock of another connection, in milliseconds; 5000 by default. */
  readonly timeoutMs?: number
}

/**
 * The part of SQLite that Ferry uses; both drivers behave alike (docs/decisions/0022). Errors of SQLite have the name
 * of the extended result code as their `code`, such as SQLITE_BUSY or SQLITE_IOERR_SHORT_READ.
 *
 * Foreign keys are enforced. `synchronous` and the size of the cache differ by driver until they are set.
 */
export interface SqliteConnection {
  /** False if it is closed. */
  readonly inTransaction: boolean
  /** Compiles one statement. */
  prepare(sql: string): SqliteStatement
  /** Runs all statements of a text. */
  exec(sql: string): void
  /** Runs `PRAGMA …` and returns the first value of its first row; undefined if it has no row. */
  pragma(text: string): unknown
  /** Frees the file and its locks. Closing it again has no effect. */
  close(): void
}

/**
 * A compiled statement. Values are bound in order: too many or too few throw a RangeError, a boolean throws a TypeError,
 * and undefined is NULL. `all` and `get` throw a TypeError if the statement returns no rows.
 */
export interface SqliteStatement {
  all(...values: SqlValue[]): unknown[]
  get(...values: SqlValue[]): unknown
  /** `changes` is the number of rows that the statement itself inserted, updated or deleted. */
  run(...values: SqlValue[]): { readonly changes: number }
}
