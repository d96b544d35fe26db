import { setImmediate } from 'node:timers/promises'
import type { Ulid } from '../../../protocol/ulid.ts'
import type { Damage } from '../damage.ts'
import type { Findings } from '../findings.ts'
import type { InstanceIndex } from '../instance-index.ts'
import { versionOf } from '../instance-version.ts'
import type { Retained } from '../retained.ts'
import type { SegmentRecords } from '../segments/segment-records.ts'
import type { HeldFiles } from '../spool/held-files.ts'
import type { Acceptance, SealedInstance } from '../spool/sealed-instance.ts'
import type { Spool } from '../spool/spool.ts'
import { verifySpoolFile } from '../spool/verify-spool-file.ts'

/** Rows per transaction: it must end before the event loop is blocked noticeably. */
export const AT_ONCE = 500
/** Far longer than any kernel keeps a written page in memory only. */
const RECENT_MS = 10 * 60_000

export interface RecoveryOptions {
  spool: Spool
  index: InstanceIndex
  damage: Damage
  retained: Retained
  findings: Findings
  held: HeldFiles
  segments: SegmentRecords
  strayHeldMs?: number
  /** True if the database was created at this start: an earlier one, if it existed, is lost. */
  isIndexNew: boolean
}

export interface Recovery {
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
 * Adds instances to the index that it does not know. One may be complete and yet only in memory, if the process died just
 * before its sync. It counts from now on, so it is synced before a row refers to it and before a copy with the same bytes
 * is removed.
 */
export async function takeOn(
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

export const isRecent =
  (nowMs: number) =>
  ({ envelope }: SealedInstance): boolean =>
    Math.abs(nowMs - Date.parse(envelope.arrivedAt)) < RECENT_MS

export function slices<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, i) =>
    items.slice(i * AT_ONCE, (i + 1) * AT_ONCE),
  )
}
