import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { Failure } from './failure.ts'

/** Holds a folder for one process; the operating system lets go of it when the process dies, however it dies. */
export interface FolderLock extends Disposable {
  release(): void
}

/**
 * Takes the folder for this process or throws ALREADY_RUNNING. Node has no file lock of its own, so an empty SQLite file
 * held in an exclusive transaction serves: its lock is the operating system's, on Linux and Windows alike.
 */
export function lockFolder(folder: string, whose: string): FolderLock {
  const db = new BetterSqlite3(join(folder, 'lock'), { timeout: 0 })
  try {
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw new Failure('ALREADY_RUNNING', `another ${whose} already works in ${folder}: stop it first`, {
      cause: error,
    })
  }
  const release = (): void => {
    db.close()
  }
  return { release, [Symbol.dispose]: release }
}
