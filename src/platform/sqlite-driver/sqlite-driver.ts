import { describe, Failure } from '../failure.ts'
import { openByBetterSqlite3 } from './better-sqlite3-driver.ts'
import { openByNode } from './node-sqlite-driver.ts'
import type { SqliteConnection, SqliteOptions } from './sqlite-connection.ts'

/** A way to SQLite. */
interface SqliteDriver {
  readonly name: keyof typeof OPENERS
  /** The reason why better-sqlite3 is not used, if it was tried. */
  readonly addonFault?: string
  open(path: string, options?: SqliteOptions): SqliteConnection
}

const OPENERS = { 'better-sqlite3': openByBetterSqlite3, 'node:sqlite': openByNode }

/** Forces a driver: for tests. */
const VARIABLE = 'FERRY_SQLITE'

/** A cache of chooseDriver: the addon is loaded, or found to be unloadable, once. */
const chosen = new Map<string, SqliteDriver>()

/**
 * Returns the driver of this process: better-sqlite3 if its addon can be loaded, `node:sqlite` otherwise (the addon needs
 * glibc 2.34, Node 2.28). A process has one driver: two copies of SQLite in one process
 * do not see each other's locks. Throws USAGE if FERRY_SQLITE is not the name of a driver.
 */
export function sqliteDriver(): SqliteDriver {
  const forced = process.env[VARIABLE] ?? ''
  const driver = chosen.get(forced) ?? chooseDriver(forced)
  chosen.set(forced, driver)
  return driver
}

function chooseDriver(forced: string): SqliteDriver {
  if (isDriverName(forced)) return driverOf(forced)
  if (forced !== '')
    throw new Failure(
      'USAGE',
      `${VARIABLE} is ${forced}, and ${Object.keys(OPENERS).join(' or ')} is expected`,
    )
  const addon = driverOf('better-sqlite3')
  try {
    addon.open(':memory:').close()
    return addon
  } catch (error) {
    return driverOf('node:sqlite', describe(error))
  }
}

function driverOf(name: keyof typeof OPENERS, addonFault?: string): SqliteDriver {
  const open: SqliteDriver['open'] = (path, options = {}) => OPENERS[name](path, options)
  return { name, open, ...(addonFault !== undefined && { addonFault }) }
}

const isDriverName = (text: string): text is keyof typeof OPENERS => Object.hasOwn(OPENERS, text)
