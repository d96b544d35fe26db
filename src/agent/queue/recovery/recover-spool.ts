import { setImmediate } from 'node:timers/promises'
import { Failure } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import type { Damage } from '../damage.ts'
import type { Findings } from '../findings.ts'
import type { InstanceIndex } from '../instance-index.ts'
import { versionOf } from '../instance-version.ts'
import type { Retained } from '../retained.ts'
import type { HeldFiles } from '../spool/held-files.ts'
import type { Acceptance, SealedInstance } from '../spool/sealed-instance.ts'
import type { Spool } from '../spool/spool.ts'
import { SpoolListing } from '../spool/spool-listing.ts'
import { verifySpoolFile } from '../spool/verify-spool-file.ts'
import { compareSpool } from './compare-spool.ts'
import { type FileAhead, readAhead } from './read-ahead.ts'
import { settleHeld } from './settle-held.ts'

/** Files read ahead at once. */
const BATCH = 10_000
/** Rows per transaction: it must end before the event loop is blocked noticeably. */
const AT_ONCE = 500
/** A crash leaves fewer unknown files than this. */
const FEW = 1000
/** Far longer than any kernel keeps a written page in memory only. */
const RECENT_MS = 10 * 60_000

interface RecoveryOptions {
  spool: Spool
  index: InstanceIndex
  damage: Damage
  retained: Retained
  findings: Findings
  held: HeldFiles
  strayHeldMs?: number
  /** True if the database was created at this start: an earlier one, if it existed, is lost. */
  isIndexNew: boolean
}

interface Recovery {
  /** Number of files that the index did not know and that were added again. */
  reindexed: number
  /** Number of those that came long before this start: the index was lost, its newest rows were, or an older copy was put back. */
  forgotten: number
  /** Number of files that were never finished, so never accepted: removed. */
  unfinished: number
  /** Files that may have been accepted and are not readable as spool files: kept for a person to look at. */
  doubtful: Ulid[]
  /** Instances that wait to be confirmed and whose file is gone. Must never happen. */
  missing: Ulid[]
}

/**
 * Makes the index agree with the spool at start; the spool file is the truth. An unknown file is read and added if it
 * is readable, removed if it was never finished, and kept if it was finished and is not readable. If the index was
 * lost, or is older than the spool, nothing is removed: an unfinished file could then also be an accepted one that was
 * damaged. Waiting instances may then already be at the center, so the center is asked before anything is sent again.
 */
export async function recoverSpool(options: RecoveryOptions, nowMs: number, log: Log): Promise<Recovery> {
  const recovery: Recovery = { reindexed: 0, forgotten: 0, unfinished: 0, doubtful: [], missing: [] }
  const { spool, index, damage } = options
  const listing = await SpoolListing.of(spool)
  // In the order of arrival: of two versions the later one counts as the conflict.
  const { unknown, missing } = await compareSpool(listing, index)
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

const isRecent =
  (nowMs: number) =>
  ({ envelope }: SealedInstance): boolean =>
    Math.abs(nowMs - Date.parse(envelope.arrivedAt)) < RECENT_MS

function slices<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, i) =>
    items.slice(i * AT_ONCE, (i + 1) * AT_ONCE),
  )
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

/**
 * A file may be complete and yet only in memory, if the process died just before its sync. It counts from now on, so it
 * is synced before a row refers to it and before a copy with the same bytes is removed.
 */
async function takeOn(
  batch: readonly SealedInstance[],
  options: RecoveryOptions,
  { nowMs, needsSync }: { nowMs: number; needsSync: (instance: SealedInstance) => boolean },
  recovery: Recovery,
): Promise<void> {
  const { spool, index, isIndexNew } = options
  const unsynced = batch.filter(needsSync)
  await spool.sync(unsynced.map(({ envelope: { ulid } }) => ulid))
  for (const some of slices(batch)) {
    const [lost, forgotten] = isIndexNew ? [[], some] : partition(some, isRecent(nowMs))
    recovery.forgotten += forgotten.length
    const known = [
      ...insert(forgotten, (them) => index.insertForgotten(them)),
      ...insert(lost, (them) => index.insert(them)),
    ]
    for (const copy of known) await letGo(copy, options)
    recovery.reindexed += some.length - known.length
    await setImmediate()
  }
}

function partition<Item>(items: readonly Item[], is: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(is), items.filter((item) => !is(item))]
}

/** Returns those whose bytes are already in the spool. */
function insert(
  instances: readonly SealedInstance[],
  how: (instances: readonly SealedInstance[]) => Acceptance[],
): SealedInstance[] {
  const outcomes = how(instances)
  return instances.filter((_, i) => outcomes[i] === 'known')
}

/** The second of two files of one version goes, once every byte of the first has been seen. */
async function letGo(copy: SealedInstance, { spool, index, damage }: RecoveryOptions): Promise<void> {
  const { ulid } = copy.envelope
  const version = versionOf(copy.envelope, copy.trailer)
  for (const kept of index.copies(version)) {
    const failure = await verifySpoolFile(spool, kept)
    if (failure !== undefined) damage.record([{ ulid: kept.ulid, failure }])
  }
  if (index.holds(version)) await spool.remove(ulid)
  else index.insertForgotten([copy])
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
