import { setImmediate } from 'node:timers/promises'
import type { Ulid } from '../../../protocol/ulid.ts'
import type { InstanceIndex } from '../instance-index.ts'
import type { SpoolListing } from '../spool/spool-listing.ts'

/** Rows read between two turns of the event loop. */
const ROWS_AT_ONCE = 5000

interface SpoolDifferences {
  /** Files that the index does not know, in the order of arrival. */
  unknown: Ulid[]
  /** Instances that should have a file. */
  missing: Ulid[]
}

/** Compares the spool's names with the index's rows in one pass: both are in the order of arrival. */
export async function compareSpool(listing: SpoolListing, index: InstanceIndex): Promise<SpoolDifferences> {
  const differences: SpoolDifferences = { unknown: [], missing: [] }
  const { unknown, missing } = differences
  const rows = presentRows(index)
  let row = rows.next().value
  for (const names of listing.inOrder()) {
    for (const ulid of names) {
      for (; row !== undefined && row < ulid; row = rows.next().value) missing.push(row)
      if (row === ulid) row = rows.next().value
      else unknown.push(ulid)
    }
    await setImmediate()
  }
  for (let left = 0; row !== undefined; row = rows.next().value) {
    missing.push(row)
    if (++left % ROWS_AT_ONCE === 0) await setImmediate()
  }
  return differences
}

function* presentRows(index: InstanceIndex): Generator<Ulid, undefined> {
  for (let last = ''; ; ) {
    const page = index.presentAfter(last, ROWS_AT_ONCE)
    yield* page
    const end = page.at(-1)
    if (end === undefined) return undefined
    last = end
  }
}
