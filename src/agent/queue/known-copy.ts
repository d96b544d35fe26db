import type { Damage } from './damage.ts'
import type { InstanceIndex } from './instance-index.ts'
import type { InstanceVersion } from './instance-version.ts'
import type { LateRows } from './late-rows.ts'
import type { Spool } from './spool/spool.ts'

interface KnownCopies {
  readonly lateRows: LateRows
  readonly index: InstanceIndex
  readonly spool: Spool
  readonly damage: Damage
}

/**
 * Returns true if exactly this version is in the spool and its file shows no obvious damage, so that a device which
 * sends it again can be answered with Success for the existing copy. A copy whose file is gone or cut off is recorded
 * as damaged; the newly sent one then replaces it.
 */
export async function isHeldWhole(
  { lateRows, index, spool, damage }: KnownCopies,
  version: InstanceVersion,
): Promise<boolean> {
  // Nearly every instance is new. The index is then asked without an end to the delay of the rows that wait.
  if (lateRows.isNew(version) || !index.holds(version)) return false
  for (const { ulid, bytes } of index.copies(version)) {
    const failure = await spool.lengthFailure(ulid, bytes)
    if (failure !== undefined) damage.record([{ ulid, failure }])
  }
  return index.holds(version)
}
