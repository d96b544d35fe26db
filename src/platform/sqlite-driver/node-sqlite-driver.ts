import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { countParameters } from './count-parameters.ts'
import type { SqliteConnection, SqliteOptions, SqliteStatement, SqlValue } from './sqlite-connection.ts'
import { resultCodeName } from './sqlite-result-codes.ts'

/** Opens a file through Node's own SQLite. */
export function openByNode(path: string, { access, timeoutMs }: SqliteOptions): SqliteConnection {
  const NodeDatabase = databaseClass()
  // Only a URL can say that a file must exist and is written to.
  const place = access === 'write' ? new URL(`${pathToFileURL(path).href}?mode=rw`) : path
  const options = { readOnly: access === 'read', timeout: timeoutMs ?? 5000 }
  return new NodeSqliteConnection(coded(() => new NodeDatabase(place, options)))
}

/**
 * Loads the module without the notice that releases before 24.15 write to stderr: it says that SQLite is experimental,
 * and no reader can act on it.
 */
function databaseClass(): typeof DatabaseSync {
  // oxlint-disable-next-line typescript/unbound-method -- put back as it was
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule('node:sqlite').DatabaseSync
  } finally {
    process.emitWarning = emitWarning
  }
}

class NodeSqliteConnection implements SqliteConnection {
  readonly #db: DatabaseSync

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  get inTransaction(): boolean {
    return this.#db.isOpen && this.#db.isTransaction
  }

  prepare(sql: string): SqliteStatement {
    return new NodeSqliteStatement(
      coded(() => this.#db.prepare(sql)),
      sql,
    )
  }

  exec(sql: string): void {
    coded(() => this.#db.exec(sql))
  }

  pragma(text: string): unknown {
    const row: Record<string, unknown> | undefined = coded(() => this.#db.prepare(`PRAGMA ${text}`).get())
    return row === undefined ? undefined : Object.values(row)[0]
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close()
  }
}

/** For any other statement SQLite reports the changes of an earlier one. */
const CHANGES_ROWS = /^\s*(?:insert|update|delete|replace|with)\b/i

class NodeSqliteStatement implements SqliteStatement {
  readonly #statement: StatementSync
  readonly #parameters: number
  readonly #returnsRows: boolean
  readonly #changesRows: boolean

  constructor(statement: StatementSync, sql: string) {
    this.#statement = statement
    this.#parameters = countParameters(sql)
    this.#returnsRows = statement.columns().length > 0
    this.#changesRows = CHANGES_ROWS.test(sql)
  }

  all(...values: SqlValue[]): unknown[] {
    this.#refuseWithoutRows()
    const bound = this.#bindable(values)
    const rows = coded(() => this.#statement.all(...bound))
    for (const row of rows) giveBuffers(row)
    return rows
  }

  get(...values: SqlValue[]): unknown {
    this.#refuseWithoutRows()
    const bound = this.#bindable(values)
    const row = coded(() => this.#statement.get(...bound))
    if (row !== undefined) giveBuffers(row)
    return row
  }

  run(...values: SqlValue[]): { readonly changes: number } {
    const bound = this.#bindable(values)
    const { changes } = coded(() => this.#statement.run(...bound))
    return { changes: this.#changesRows ? Number(changes) : 0 }
  }

  #refuseWithoutRows(): void {
    if (!this.#returnsRows) throw new TypeError('this statement returns no rows: run it')
  }

  /** SQLite itself takes a value that is missing for NULL, and Node a boolean for a number. */
  #bindable(values: SqlValue[]): SqlValue[] {
    const given: readonly unknown[] = values
    if (values.length !== this.#parameters)
      throw new RangeError(`${values.length} values were given for ${this.#parameters} parameters`)
    if (given.some((value) => typeof value === 'boolean')) throw new TypeError('a boolean cannot be bound')
    return given.includes(undefined) ? values.map((value) => value ?? null) : values
  }
}

/** Shows the bytes of each blob of a row as a Buffer, without copying them. */
function giveBuffers(row: Record<string, unknown>): void {
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'object' && ArrayBuffer.isView(value))
      row[name] = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
}

/** Gives an error of SQLite the name of its result code, as better-sqlite3 does. */
function coded<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!Error.isError(error) || !('errcode' in error) || typeof error.errcode !== 'number') throw error
    throw Object.assign(error, { code: resultCodeName(error.errcode) })
  }
}
