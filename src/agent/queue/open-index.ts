import { existsSync, statSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openOnFullDisk, releaseBallast } from '../../platform/ballast.ts'
import type { Clock } from '../../platform/clock.ts'
import { DatabaseCare } from '../../platform/database-care.ts'
import { syncFolder } from '../../platform/durable-file.ts'
import { Failure, failureFrom, storageFailure } from '../../platform/failure.ts'
import { retryWhileHeld } from '../../platform/retry-while-held.ts'
import { Database } from '../../platform/sqlite.ts'

export interface OpenedIndex {
  database: Database
  care: DatabaseCare
  /** Resolves when every page was checked: to the fault, or to undefined. */
  soundness: Promise<Failure | undefined>
  /** True if no usable index was found. */
  isNew: boolean
  /** The damaged index: its fault, and the path where it was moved. */
  setAside: { reason: string; path: string } | undefined
}

/** An index up to this size is checked at once, within some 40 ms; a larger one by a thread. */
const SMALL_BYTES = 4 * 1024 * 1024

/**
 * Opens the index. A damaged index is moved aside for a person to look at, and a new one is begun: the spool files
 * bring its rows back, the center the receipts. Every page is checked. A large index that takes longer than `waitMs` is
 * used meanwhile, and {@link OpenedIndex.soundness} reports the result (docs/decisions/0013). Throws DATABASE_ERROR for
 * faults that a new database would not cure (a failing disk, a lock), and DATABASE_NEWER.
 */
export async function openIndex(
  path: string,
  schemaFolder: string,
  clock: Clock,
  waitMs: number,
): Promise<OpenedIndex> {
  const isNew = !existsSync(path) || statSync(path).size === 0
  try {
    return { ...(await openWhole(path, schemaFolder, clock, waitMs)), isNew, setAside: undefined }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'DATABASE_DAMAGED') throw error
    const aside = await moveAside(path, clock.now())
    const database = openDatabase(path, schemaFolder)
    const care = new DatabaseCare(path, clock)
    const setAside = { reason: error.message, path: aside }
    return { database, care, soundness: Promise.resolve(undefined), isNew: true, setAside }
  }
}

/** On a full disk the ballast is released: without its index the agent could not even remove confirmed copies. */
function openDatabase(path: string, schemaFolder: string): Database {
  const folder = dirname(path)
  return openOnFullDisk(folder, () => Database.open(path, schemaFolder, () => releaseBallast(folder)))
}

async function openWhole(
  path: string,
  schemaFolder: string,
  clock: Clock,
  waitMs: number,
): Promise<Pick<OpenedIndex, 'database' | 'care' | 'soundness'>> {
  using stack = new DisposableStack()
  const database = stack.adopt(openDatabase(path, schemaFolder), (it) => it.close())
  const care = stack.use(new DatabaseCare(path, clock))
  const soundness = checkWhole(database, care, statSync(path).size <= SMALL_BYTES)
  const found = await inTime(soundness, clock, waitMs)
  if (found !== undefined) throw found
  stack.move()
  return { database, care, soundness }
}

async function checkWhole(
  database: Database,
  care: DatabaseCare,
  isSmall: boolean,
): Promise<Failure | undefined> {
  if (!isSmall) {
    try {
      return await care.check()
    } catch {
      // Without its thread the check takes longer, and other work waits.
    }
  }
  try {
    database.check()
    return undefined
  } catch (error) {
    return failureFrom(error, 'DATABASE_ERROR', 'looking at the index')
  }
}

/** Resolves to undefined also if the answer is late. */
async function inTime<Result>(
  answer: Promise<Result | undefined>,
  clock: Clock,
  waitMs: number,
): Promise<Result | undefined> {
  const stop = new AbortController()
  const late = clock.sleep(waitMs, stop.signal).then(
    () => undefined,
    () => undefined,
  )
  try {
    return await Promise.race([answer, late])
  } finally {
    stop.abort()
  }
}

/** The write-ahead log is moved too: a person may want to look at it, and it fits no other database. */
async function moveAside(path: string, nowMs: number): Promise<string> {
  const time = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')
  const aside = `${path}.damaged-${time}`
  try {
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(path + end)) await retryWhileHeld(() => rename(path + end, aside + end))
    }
    await syncFolder(dirname(path))
  } catch (error) {
    throw storageFailure(error, `moving the damaged ${path} aside`)
  }
  return aside
}
