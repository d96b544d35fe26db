import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { checkPathLength } from './check-path-length.ts'
import { Failure, storageFailure, systemCode } from './failure.ts'
import { withPath } from './path-trouble.ts'
import { makeDatabasePrivate } from './private-file.ts'
import type { SqliteConnection, SqliteOptions } from './sqlite-driver/sqlite-connection.ts'
import { sqliteDriver } from './sqlite-driver/sqlite-driver.ts'

/** Holds a folder for one process; the operating system releases it when the process dies, in any way. */
interface FolderLock extends Disposable {
  release(): void
}

/** Longer than {@link isFolderLocked} holds its shared lock, which must not keep a process from starting. */
const PROBE_MS = 250

/**
 * Takes the folder for this process or throws ALREADY_RUNNING. Node has no file lock of its own, so an empty SQLite file
 * held in an exclusive transaction serves: its lock is the operating system's, on Linux and Windows alike.
 */
export function lockFolder(folder: string, whose: string): FolderLock {
  checkPathLength(folder)
  const path = join(folder, 'lock')
  makeDatabasePrivate(path)
  const db = openLock(path, { timeoutMs: PROBE_MS })
  try {
    // The lock writes nothing, so that it also works on a full disk.
    db.pragma('journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    if (systemCode(error) !== 'SQLITE_BUSY') throw storageFailure(withPath(error, path), `locking ${folder}`)
    throw new Failure('ALREADY_RUNNING', `another ${whose} already works in ${folder}: stop it first`, {
      cause: error,
    })
  }
  const release = (): void => {
    db.close()
  }
  return { release, [Symbol.dispose]: release }
}

/**
 * Returns true if a process works in the folder. Takes a shared lock for one read: several may ask at the same time,
 * and lockFolder waits until the read is over.
 */
export function isFolderLocked(folder: string): boolean {
  const path = join(folder, 'lock')
  if (!existsSync(path)) return false
  const db = openLock(path, { access: 'read', timeoutMs: 0 })
  try {
    db.prepare('SELECT 1 FROM sqlite_schema').get()
    return false
  } catch (error) {
    if (systemCode(error) === 'SQLITE_BUSY') return true
    throw storageFailure(withPath(error, path), `looking at the lock of ${folder}`)
  } finally {
    db.close()
  }
}

function openLock(path: string, options: SqliteOptions): SqliteConnection {
  try {
    return sqliteDriver().open(path, options)
  } catch (error) {
    throw storageFailure(withPath(error, path), `opening ${path}`)
  }
}
