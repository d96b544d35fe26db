import { existsSync, statSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../../platform/durable-file.ts'
import { Failure, storageFailure } from '../../platform/failure.ts'
import { Database } from '../../platform/sqlite.ts'

export interface OpenedIndex {
  database: Database
  /** There was none, or none that could be used. */
  isNew: boolean
  /** The one that was found damaged: what was wrong, and where it lies now. */
  setAside: { reason: string; path: string } | undefined
}

/**
 * Opens the index, every page of it looked at. One that is damaged is moved aside, for a person to look at, and a new
 * one is begun: the spool files bring its rows back, the center the receipts. Throws DATABASE_ERROR for what a new
 * database would not cure (a disk that fails, a lock), and DATABASE_NEWER.
 */
export async function openIndex(path: string, schemaFolder: string, nowMs: number): Promise<OpenedIndex> {
  const isNew = !existsSync(path) || statSync(path).size === 0
  try {
    return { database: openWhole(path, schemaFolder), isNew, setAside: undefined }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'DATABASE_DAMAGED') throw error
    const aside = await moveAside(path, nowMs)
    const database = Database.open(path, schemaFolder)
    return { database, isNew: true, setAside: { reason: error.message, path: aside } }
  }
}

function openWhole(path: string, schemaFolder: string): Database {
  const database = Database.open(path, schemaFolder)
  try {
    database.check()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** The write-ahead log goes along: it is part of what a person may want to look at, and fits no other database. */
async function moveAside(path: string, nowMs: number): Promise<string> {
  const time = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')
  const aside = `${path}.damaged-${time}`
  try {
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(path + end)) await rename(path + end, aside + end)
    }
    await syncFolder(dirname(path))
  } catch (error) {
    throw storageFailure(error, `moving the damaged ${path} aside`)
  }
  return aside
}
