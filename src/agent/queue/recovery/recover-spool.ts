import { setImmediate } from 'node:timers/promises'
import { Failure } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import type { InstanceIndex } from '../instance-index.ts'
import type { SealedInstance } from '../spool/sealed-instance.ts'
import type { Spool } from '../spool/spool.ts'
import { SpoolListing } from '../spool/spool-listing.ts'
import { compareSpool } from './compare-spool.ts'
import { type FileAhead, readAhead } from './read-ahead.ts'
import { recoverSegments, settleGaps } from './recover-segments.ts'
import { settleHeld } from './settle-held.ts'
import { missingInSegments, settleMoved } from './settle-moved.ts'
import { AT_ONCE, isRecent, type Recovery, type RecoveryOptions, slices, takeOn } from './take-on.ts'

/** Files read ahead at once. */
const BATCH = 10_000
/** A crash leaves fewer unknown files than this. */
const FEW = 1000

/**
 * Makes the index agree with the spool at start; the sealed instances are the truth. Segments are read after their marks.
 * An unknown file is read and added if it
 * is readable, removed if it was never finished, and kept if it was finished and is not readable. If the index was
 * lost, or is older than the spool, nothing is removed: an unfinished file could then also be an accepted one that was
 * damaged. Waiting instances may then already be at the center, so the center is asked before anything is sent again.
 */
export async function recoverSpool(options: RecoveryOptions, nowMs: number, log: Log): Promise<Recovery> {
  const recovery: Recovery = { reindexed: 0, forgotten: 0, unfinished: 0, doubtful: [], missing: [] }
  const { spool, index, damage } = options
  const listing = await SpoolListing.of(spool)
  const gaps = await recoverSegments(options, nowMs, listing.held, recovery)
  // In the order of arrival: of two versions the later one counts as the conflict.
  const differences = await compareSpool(listing, index)
  const unknown = await settleMoved(differences.unknown, options)
  const missing = [...differences.missing, ...missingInSegments(options)]
  const unfinished: Ulid[] = []
  // A crash leaves few such files, and all of them are synced, because the clock may have jumped since. Only a lost
  // index leaves many; files that have been on the disk for long are then not synced again.
  const needsSync = unknown.length < FEW ? () => true : isRecent(nowMs)
  const batches =
    unknown.length < FEW
      ? slices(unknown).map((some) => some.map((ulid) => ({ ulid })))
      : readAhead(spool, unknown, BATCH)
  for await (const batch of batches) {
    const instances: SealedInstance[] = []
    for (const file of batch) {
      const instance = readUnknown(spool, file, recovery, unfinished)
      if (instance === undefined) continue
      const isHeld = listing.held.has(file.ulid)
      instances.push(isHeld ? { ...instance, observed: await options.held.read(file.ulid) } : instance)
    }
    await takeOn(instances, options, { nowMs, needsSync }, recovery)
    await setImmediate()
  }
  if (recovery.forgotten > 0) await askFirst(index)
  await settleUnfinished(unfinished, options, recovery)
  await settleGaps(gaps, options, recovery)
  damage.keepDoubtful(recovery.doubtful)
  await findAgain(options)
  for (const some of slices(missing)) {
    settleMissing(some, options, recovery)
    await setImmediate()
  }
  await settleHeld(listing.held, options, nowMs)
  log.info('spool compared with its index', {
    reindexed: recovery.reindexed,
    forgotten: recovery.forgotten,
    unfinished: recovery.unfinished,
    doubtful: recovery.doubtful.length,
    missing: recovery.missing.length,
  })
  return recovery
}

async function askFirst(index: InstanceIndex): Promise<void> {
  for (let last = index.askFirstAfter('', AT_ONCE); last !== undefined; ) {
    await setImmediate()
    last = index.askFirstAfter(last, AT_ONCE)
  }
  index.forgetPacks()
}

async function findAgain({ spool, damage }: RecoveryOptions): Promise<void> {
  for (let last = ''; ; ) {
    const missing = damage.missingAfter(last, AT_ONCE)
    const end = missing.at(-1)
    if (end === undefined) return
    last = end
    const found: Ulid[] = []
    for (const ulid of missing) if (await spool.has(ulid)) found.push(ulid)
    damage.foundAgain(found)
  }
}

function readUnknown(
  spool: Spool,
  { ulid, file }: FileAhead,
  recovery: Recovery,
  unfinished: Ulid[],
): SealedInstance | undefined {
  try {
    const { envelope, trailer } = file ?? spool.readNow(ulid)
    return { envelope, trailer }
  } catch (error) {
    const code = error instanceof Failure ? error.code : undefined
    if (code !== 'SPOOL_FILE_INVALID' && code !== 'SPOOL_FILE_DAMAGED') throw error
    if (code === 'SPOOL_FILE_DAMAGED' || spool.wasFinished(ulid)) recovery.doubtful.push(ulid)
    else unfinished.push(ulid)
    return undefined
  }
}

async function settleUnfinished(
  unfinished: readonly Ulid[],
  { spool, damage, isIndexNew }: RecoveryOptions,
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
 * A file that is not needed was removed after retention, and an older copy of the index does not know that. If a needed
 * file is missing, the center may have every byte: it is asked, and the alarm is shown until it has answered.
 */
function settleMissing(
  missing: readonly Ulid[],
  { index, damage, retained }: RecoveryOptions,
  recovery: Recovery,
): void {
  const needed = damage.needed(missing)
  recovery.missing.push(...needed)
  for (const ulid of needed) index.askFirst(ulid)
  const failure = new Failure(
    'SPOOL_FILE_MISSING',
    'looking at the spool: it was accepted, and its spool file is gone',
  )
  damage.record(needed.map((ulid) => ({ ulid, failure })))
  const isNeeded = new Set(needed)
  retained.markRemoved(missing.filter((ulid) => !isNeeded.has(ulid)))
}
