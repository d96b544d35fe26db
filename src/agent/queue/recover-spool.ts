import { syncFile } from '../../platform/durable-file.ts'
import { Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { SealedInstance } from './acceptance.ts'
import type { InstanceIndex } from './instance-index.ts'
import type { Spool } from './spool.ts'

const BATCH = 1000
/** Far longer than any kernel keeps a written page to itself. */
const RECENT_MS = 10 * 60_000

export interface Recovery {
  /** Files that the index did not know and that were taken on again. */
  reindexed: number
  /** Files that were never finished, so never accepted: removed. */
  unfinished: number
  /** Files that might have been accepted and do not read as spool files: kept, for a person to look at. */
  doubtful: Ulid[]
  /** Instances that the index lists and whose file is gone. Must never happen. */
  missing: Ulid[]
}

/**
 * Brings the index into line with the spool at start: the spool file is the truth. A file that the index does not know
 * is read and added; one that was never finished is removed; one that was and does not read is kept. With an index that knows nothing at all (new, lost) nothing
 * is removed: an unfinished file could then also be an accepted one that rotted.
 */
export async function recoverSpool(
  spool: Spool,
  index: InstanceIndex,
  nowMs: number,
  log: Log,
): Promise<Recovery> {
  const expected = index.present()
  const recovery: Recovery = { reindexed: 0, unfinished: 0, doubtful: [], missing: [] }
  const keepAll = expected.size === 0
  let batch: SealedInstance[] = []
  for await (const ulid of spool.list()) {
    if (expected.delete(ulid)) continue
    const instance = await readUnknown(spool, ulid, keepAll, recovery)
    if (instance !== undefined) batch.push(instance)
    if (batch.length === BATCH) {
      await takeOn(batch, spool, index, nowMs, recovery)
      batch = []
    }
  }
  await takeOn(batch, spool, index, nowMs, recovery)
  recovery.missing = Array.from(expected)
  log.info('spool compared with its index', {
    reindexed: recovery.reindexed,
    unfinished: recovery.unfinished,
    doubtful: recovery.doubtful.length,
    missing: recovery.missing.length,
  })
  return recovery
}

/**
 * A file may be complete and yet only in memory, when the process died just before its sync. It counts from now on, so
 * it is synced before a row says so and before a copy with the same bytes is let go.
 */
async function takeOn(
  batch: readonly SealedInstance[],
  spool: Spool,
  index: InstanceIndex,
  nowMs: number,
  recovery: Recovery,
): Promise<void> {
  const recent = batch.filter(({ envelope }) => Math.abs(nowMs - Date.parse(envelope.arrivedAt)) < RECENT_MS)
  for (const { path } of recent) await syncFile(path)
  await spool.syncNames(recent.map(({ envelope }) => envelope.ulid))
  const outcomes = index.insert(batch)
  for (const [i, { envelope }] of batch.entries()) {
    if (outcomes[i] === 'known') await spool.remove(envelope.ulid)
    else recovery.reindexed++
  }
}

async function readUnknown(
  spool: Spool,
  ulid: Ulid,
  keepAll: boolean,
  recovery: Recovery,
): Promise<SealedInstance | undefined> {
  try {
    const { envelope, trailer } = await spool.read(ulid)
    return { path: spool.pathOf(ulid), envelope, trailer }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'SPOOL_FILE_INVALID') throw error
    if (keepAll || (await spool.wasFinished(ulid))) recovery.doubtful.push(ulid)
    else {
      recovery.unfinished++
      await spool.remove(ulid)
    }
    return undefined
  }
}
