import type { Damage } from './damage.ts'
import type { InstanceIndex } from './instance-index.ts'
import type { InstanceVersion } from './instance-version.ts'
import type { Spool } from './spool/spool.ts'

/**
 * True if exactly this version is here and nothing is wrong with them that shows at once, so that a device which sends
 * them again can be answered Success for the copy that is here. A copy whose file is gone or cut off is written down as
 * damaged; what the device sends then takes its place.
 */
export async function isHeldWhole(
  { index, spool, damage }: { index: InstanceIndex; spool: Spool; damage: Damage },
  version: InstanceVersion,
): Promise<boolean> {
  // Nearly every instance is new.
  if (!index.holds(version)) return false
  for (const { ulid, bytes } of index.copies(version)) {
    const failure = await spool.lengthFailure(ulid, bytes)
    if (failure !== undefined) damage.record([{ ulid, failure }])
  }
  return index.holds(version)
}
