import type { Damage } from './damage.ts'
import type { InstanceIndex } from './instance-index.ts'
import type { Spool } from './spool.ts'

/**
 * True if exactly these bytes are here and nothing is wrong with them that shows at once, so that a device which sends
 * them again can be answered Success for the copy that is here. A copy whose file is gone or cut off is written down as
 * damaged; what the device sends then takes its place.
 */
export async function isHeldWhole(
  { index, spool, damage }: { index: InstanceIndex; spool: Spool; damage: Damage },
  sopInstanceUid: string,
  dataSetSha256: string,
): Promise<boolean> {
  // Of nearly every instance nothing is here.
  if (!index.holds(sopInstanceUid, dataSetSha256)) return false
  for (const { ulid, bytes } of index.copies(sopInstanceUid, dataSetSha256)) {
    const failure = await spool.lengthFailure(ulid, bytes)
    if (failure !== undefined) damage.record([{ ulid, failure }])
  }
  return index.holds(sopInstanceUid, dataSetSha256)
}
