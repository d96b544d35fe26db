import { describe } from '@jest/globals'
import { openByBetterSqlite3 } from '../../../src/platform/sqlite-driver/better-sqlite3-driver.ts'
import { openByNode } from '../../../src/platform/sqlite-driver/node-sqlite-driver.ts'
import type {
  SqliteConnection,
  SqliteOptions,
} from '../../../src/platform/sqlite-driver/sqlite-connection.ts'

export type Open = (path: string, options?: SqliteOptions) => SqliteConnection

const DRIVERS: readonly [name: string, open: Open][] = [
  ['better-sqlite3', (path, options = {}) => openByBetterSqlite3(path, options)],
  ['node:sqlite', (path, options = {}) => openByNode(path, options)],
]

/** Runs the tests with each driver; `others` opens with each of them. */
export function describeEachDriver(what: string, tests: (open: Open, others: readonly Open[]) => void): void {
  describe.each(DRIVERS)(`${what} (%s)`, (_name, open) => {
    const others = DRIVERS.map(([, other]) => other)
    tests(open, others)
  })
}

/** Returns the code of the error that the work throws, or its class if it has no code of SQLite; undefined if none. */
export function codeOf(work: () => unknown): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!Error.isError(error)) return String(error)
    const code = 'code' in error ? String(error.code) : ''
    return code.startsWith('SQLITE_') ? code : error.name
  }
}
