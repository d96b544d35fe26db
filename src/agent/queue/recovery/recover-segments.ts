import { setImmediate } from 'node:timers/promises'
import type { Ulid } from '../../../protocol/ulid.ts'
import { BLOCK_BYTES } from '../segments/segment-format.ts'
import { type FoundRecord, isOtherVersions, walkRecords } from '../segments/walk-records.ts'
import type { SealedInstance } from '../spool/sealed-instance.ts'
import { AT_ONCE, type Recovery, type RecoveryOptions, takeOn } from './take-on.ts'

/** Only the segment that grew last can have a torn end. One more is read whole for good measure. */
const READ_WHOLE = 2
/** Records read whole between two turns of the event loop. */
const WHOLE_AT_ONCE = 16

/** Bytes of a segment that do not read as records. */
interface Gaps {
  readonly name: Ulid
  /** The end of the last whole record, if bytes follow it. */
  readonly tornFrom: number | undefined
  /** True if a whole record follows a gap. */
  readonly areInside: boolean
  readonly end: number
}

/**
 * Adds the instances of segments to the index that it does not know: those after the mark of each segment, all of them
 * if the index was lost. Returns the segments that have gaps, for {@link settleGaps}.
 */
export async function recoverSegments(
  options: RecoveryOptions,
  nowMs: number,
  held: ReadonlySet<Ulid>,
  recovery: Recovery,
): Promise<Gaps[]> {
  const { spool, segments } = options
  const names = spool.segments()
  const torn = new Set(names.slice(-READ_WHOLE))
  const gaps: Gaps[] = []
  for (const name of names) {
    const row = segments.get(name)
    const from = row?.indexedTo ?? BLOCK_BYTES
    const to = Math.min(spool.segmentBytes(name), row?.endsAt ?? Number.POSITIVE_INFINITY)
    if (from >= to) {
      if (row === undefined) segments.mark({ segment: name, end: from })
      continue
    }
    if (isOtherVersions(spool.segmentFolder, name)) {
      recovery.doubtful.push(name)
      continue
    }
    const verify = torn.has(name)
    // Whole records may be in memory only. They count from now on.
    if (verify) await spool.syncSegment(name)
    const found = await readSegment(options, { name, from, to, verify }, { nowMs, held }, recovery)
    if (found === undefined) segments.mark({ segment: name, end: to })
    else gaps.push(found)
  }
  return gaps
}

/** Returns the gaps; undefined if there are none. */
async function readSegment(
  options: RecoveryOptions,
  { name, from, to, verify }: { name: Ulid; from: number; to: number; verify: boolean },
  { nowMs, held }: { nowMs: number; held: ReadonlySet<Ulid> },
  recovery: Recovery,
): Promise<Gaps | undefined> {
  const { spool, segments } = options
  let batch: SealedInstance[] = []
  let [isGap, areInside, lastEnd] = [false, false, from]
  const take = async (): Promise<void> => {
    await takeOn(batch, options, { nowMs, needsSync: () => false }, recovery)
    batch = []
    await setImmediate()
  }
  for (const found of walkRecords(spool.segmentFolder, name, { from, to, verify })) {
    if (found.kind === 'gap') {
      isGap = true
      continue
    }
    areInside ||= isGap
    lastEnd = found.end
    if (segments.hasRow(found.envelope.ulid)) continue
    const instance = instanceOf(name, found)
    const isHeld = held.has(found.envelope.ulid)
    batch.push(isHeld ? { ...instance, observed: await options.held.read(found.envelope.ulid) } : instance)
    if (batch.length >= (verify ? WHOLE_AT_ONCE : AT_ONCE)) await take()
  }
  await take()
  if (!isGap) return undefined
  return { name, tornFrom: lastEnd < to ? lastEnd : undefined, areInside, end: to }
}

const instanceOf = (segment: Ulid, { envelope, trailer, offset }: FoundRecord): SealedInstance => ({
  envelope,
  trailer,
  place: { segment, offset },
})

/**
 * Passes over gaps that a crash explains: bytes that were never acknowledged. They are cut off where they are the end of
 * a segment, so that a later start without an index does not take them for damage. If the index was lost, or is older
 * than the spool, they may be damaged accepted instances: the segment is kept as it is, and an alarm raised. Only the end
 * of the newest segment is expected to be torn even then.
 */
export async function settleGaps(
  gaps: readonly Gaps[],
  { spool, segments, damage, isIndexNew }: RecoveryOptions,
  recovery: Recovery,
): Promise<void> {
  const doubtful = damage.doubtful()
  const newest = spool.segments().at(-1)
  for (const { name, tornFrom, areInside, end } of gaps) {
    if (isIndexNew || recovery.forgotten > 0 || doubtful.has(name)) {
      if (areInside || name !== newest) recovery.doubtful.push(name)
      else if (tornFrom !== undefined) segments.mark({ segment: name, end: tornFrom })
      continue
    }
    if (tornFrom !== undefined) await spool.cutSegment(name, tornFrom)
    segments.mark({ segment: name, end: tornFrom ?? end })
  }
}
