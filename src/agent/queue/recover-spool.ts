import { setImmediate } from 'node:timers/promises'
import { syncFile } from '../../platform/durable-file.ts'
import { Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { Acceptance, SealedInstance } from './acceptance.ts'
import type { Damage } from './damage.ts'
import type { InstanceIndex } from './instance-index.ts'
import { type FileAhead, readAhead } from './read-ahead.ts'
import type { Retained } from './retained.ts'
import type { Spool } from './spool.ts'
import { verifySpoolFile } from './verify-spool-file.ts'

/** Rows of one transaction: an index page that many of them touch is written once. */
const BATCH = 10_000
/** More files than this that the index does not know come from no crash. */
const FEW = 1000
/** Far longer than any kernel keeps a written page to itself. */
const RECENT_MS = 10 * 60_000

export interface RecoveryParts {
  spool: Spool
  index: InstanceIndex
  damage: Damage
  retained: Retained
  /** The database was made at this start: the one before it, if there was one, is lost. */
  isIndexNew: boolean
}

export interface Recovery {
  /** Files that the index did not know and that were taken on again. */
  reindexed: number
  /** Those of them that a crash alone cannot have taken from the index: it was lost, or an older copy was put back. */
  forgotten: number
  /** Files that were never finished, so never accepted: removed. */
  unfinished: number
  /** Files that might have been accepted and do not read as spool files: kept, for a person to look at. */
  doubtful: Ulid[]
  /** Instances that wait to be confirmed and whose file is gone. Must never happen. */
  missing: Ulid[]
}

/**
 * Brings the index into line with the spool at start: the spool file is the truth. A file that the index does not know is
 * read and added; one that was never finished is removed; one that was and does not read is kept. With an index that was
 * lost, or is older than the spool, nothing is removed: an unfinished file could then also be an accepted one that
 * rotted; and what waits may be at the center already, which is asked before anything is sent again.
 */
export async function recoverSpool(parts: RecoveryParts, nowMs: number, log: Log): Promise<Recovery> {
  const recovery: Recovery = { reindexed: 0, forgotten: 0, unfinished: 0, doubtful: [], missing: [] }
  const { spool, index, damage } = parts
  // In the order of arrival: of two versions the later one is the conflict.
  const files = (await Array.fromAsync(spool.list())).toSorted()
  const expected = index.present()
  const unknown = files.filter((ulid) => !expected.delete(ulid))
  const unfinished: Ulid[] = []
  const batches =
    unknown.length < FEW ? [unknown.map((ulid) => ({ ulid }))] : readAhead(spool, unknown, BATCH)
  for await (const batch of batches) {
    const instances = batch.flatMap((file) => readUnknown(spool, file, recovery, unfinished))
    await takeOn(instances, parts, nowMs, recovery)
    await setImmediate()
  }
  if (recovery.forgotten > 0) index.askFirst()
  await settleUnfinished(unfinished, parts, recovery)
  damage.keepDoubtful(recovery.doubtful)
  damage.foundAgain(files)
  settleMissing(Array.from(expected), parts, recovery)
  log.info('spool compared with its index', {
    reindexed: recovery.reindexed,
    forgotten: recovery.forgotten,
    unfinished: recovery.unfinished,
    doubtful: recovery.doubtful.length,
    missing: recovery.missing.length,
  })
  return recovery
}

function readUnknown(
  spool: Spool,
  { ulid, file }: FileAhead,
  recovery: Recovery,
  unfinished: Ulid[],
): SealedInstance[] {
  try {
    const { envelope, trailer } = file ?? spool.readNow(ulid)
    return [{ path: spool.pathOf(ulid), envelope, trailer }]
  } catch (error) {
    const code = error instanceof Failure ? error.code : undefined
    if (code !== 'SPOOL_FILE_INVALID' && code !== 'SPOOL_FILE_DAMAGED') throw error
    if (code === 'SPOOL_FILE_DAMAGED' || spool.wasFinished(ulid)) recovery.doubtful.push(ulid)
    else unfinished.push(ulid)
    return []
  }
}

/**
 * A file may be complete and yet only in memory, when the process died just before its sync. It counts from now on, so
 * it is synced before a row says so and before a copy with the same bytes is let go.
 */
async function takeOn(
  batch: readonly SealedInstance[],
  parts: RecoveryParts,
  nowMs: number,
  recovery: Recovery,
): Promise<void> {
  const { spool, index, isIndexNew } = parts
  const isRecent = ({ envelope }: SealedInstance): boolean =>
    Math.abs(nowMs - Date.parse(envelope.arrivedAt)) < RECENT_MS
  // A crash leaves few such files, and all are synced: the clock may have jumped since. Only where the whole index is lost
  // are there many, and then the old ones, long on the disk, are spared it.
  const unsynced = batch.length < FEW ? batch : batch.filter(isRecent)
  for (const { path } of unsynced) await syncFile(path)
  const syncsBegun = Number.POSITIVE_INFINITY
  await spool.syncNames(unsynced.map(({ envelope: { ulid } }) => ({ ulid, syncsBegun })))
  const forgotten = isIndexNew ? batch : batch.filter((instance) => !isRecent(instance))
  const lost = isIndexNew ? [] : batch.filter(isRecent)
  recovery.forgotten += forgotten.length
  const known = [
    ...insert(forgotten, (some) => index.insertForgotten(some)),
    ...insert(lost, (some) => index.insert(some)),
  ]
  for (const copy of known) await letGo(copy, parts)
  recovery.reindexed += batch.length - known.length
}

/** Returns those whose bytes are here already. */
function insert(
  instances: readonly SealedInstance[],
  how: (instances: readonly SealedInstance[]) => Acceptance[],
): SealedInstance[] {
  const outcomes = how(instances)
  return instances.filter((_, i) => outcomes[i] === 'known')
}

/** The second of two files with the same bytes goes, once every byte of the first has been seen. */
async function letGo(copy: SealedInstance, { spool, index, damage }: RecoveryParts): Promise<void> {
  const { ulid, sopInstanceUid } = copy.envelope
  for (const kept of index.copies(sopInstanceUid, copy.trailer.dataSetSha256)) {
    const failure = await verifySpoolFile(spool, kept)
    if (failure !== undefined) damage.record([{ ulid: kept.ulid, failure }])
  }
  if (index.holds(sopInstanceUid, copy.trailer.dataSetSha256)) await spool.remove(ulid)
  else index.insertForgotten([copy])
}

async function settleUnfinished(
  unfinished: readonly Ulid[],
  { spool, damage, isIndexNew }: RecoveryParts,
  recovery: Recovery,
): Promise<void> {
  const doubtful = damage.doubtful()
  for (const ulid of unfinished) {
    if (isIndexNew || recovery.forgotten > 0 || doubtful.has(ulid)) recovery.doubtful.push(ulid)
    else {
      await spool.remove(ulid)
      recovery.unfinished++
    }
  }
}

/**
 * A file that nobody needs any more was removed after retention, and an older copy of the index does not know that. Of one
 * that is needed the center may have every byte: it is asked, and until it has answered the alarm stands.
 */
function settleMissing(
  missing: readonly Ulid[],
  { index, damage, retained }: RecoveryParts,
  recovery: Recovery,
): void {
  const needed = damage.needed(missing)
  recovery.missing = needed
  for (const ulid of needed) index.askFirst(ulid)
  const failure = new Failure(
    'SPOOL_FILE_MISSING',
    'looking at the spool: it was accepted, and its spool file is gone',
  )
  damage.record(needed.map((ulid) => ({ ulid, failure })))
  const isNeeded = new Set(needed)
  retained.markRemoved(missing.filter((ulid) => !isNeeded.has(ulid)))
}
