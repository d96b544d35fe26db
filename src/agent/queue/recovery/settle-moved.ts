import type { Ulid } from '../../../protocol/ulid.ts'
import { verifySpoolFile } from '../spool/verify-spool-file.ts'
import type { RecoveryOptions } from './take-on.ts'

/**
 * Settles files whose instance the index knows in a segment: a crash interrupted the move out of it, or an older copy of
 * the index does not know that it ended. The place in the index wins if its bytes are whole. Returns the other files.
 */
export async function settleMoved(
  files: readonly Ulid[],
  { spool, segments }: RecoveryOptions,
): Promise<Ulid[]> {
  const others: Ulid[] = []
  for (const ulid of files) {
    const place = segments.placeOf(ulid)
    if (place === undefined) {
      others.push(ulid)
      continue
    }
    const expected = { ulid, bytes: spool.placeOf(ulid).bytes ?? 0, sealedSha256: place.sealedSha256 }
    if ((await verifySpoolFile(spool, expected)) === undefined) await spool.removeOwnFile(ulid)
    else if (await spool.isOwnFileWhole(expected)) segments.movedOut(ulid)
  }
  return others
}

/** Returns the instances whose segment is gone, and forgets the segments that held none. */
export function missingInSegments({ spool, segments }: RecoveryOptions): Ulid[] {
  const there = new Set(spool.segments())
  const missing: Ulid[] = []
  for (const { name } of segments.all()) {
    if (there.has(name)) continue
    const gone = segments.present(name, Number.MAX_SAFE_INTEGER)
    if (gone.length === 0) segments.forget(name)
    for (const ulid of gone) missing.push(ulid)
  }
  return missing
}
