import { setImmediate } from 'node:timers/promises'
import type { Ulid } from '../../../protocol/ulid.ts'
import type { Spool } from './spool.ts'

/** Names handled between two turns of the event loop. */
const AT_ONCE = 10_000
/** Number of leading characters of a ULID that cover some 17 minutes, in which a moderate number of instances arrives. */
const BUCKET_CHARACTERS = 6

/** All names in the spool at one moment. A million of them are sorted without one long turn of the event loop. */
export class SpoolListing {
  readonly #buckets = new Map<string, Ulid[]>()
  /** Instances that a `.held` file holds back. */
  readonly held = new Set<Ulid>()

  private constructor() {}

  /** Throws STORAGE_ERROR if any folder cannot be listed. */
  static async of(spool: Spool): Promise<SpoolListing> {
    const listing = new SpoolListing()
    let names = 0
    for await (const shard of spool.listShards()) {
      for (const { ulid, kind } of shard) {
        if (kind === 'held') listing.held.add(ulid)
        else listing.#add(ulid)
        if (++names % AT_ONCE === 0) await setImmediate()
      }
    }
    return listing
  }

  /** Yields the spool files in the order of arrival, in pieces of moderate size. */
  *inOrder(): Generator<readonly Ulid[]> {
    for (const bucket of Array.from(this.#buckets.keys()).toSorted())
      yield* sortedPieces(this.#buckets.get(bucket) ?? [], BUCKET_CHARACTERS)
  }

  #add(ulid: Ulid): void {
    const key = ulid.slice(0, BUCKET_CHARACTERS)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) this.#buckets.set(key, [ulid])
    else bucket.push(ulid)
  }
}

/** `alike`: number of first characters that all these names have in common. */
function* sortedPieces(names: readonly Ulid[], alike: number): Generator<readonly Ulid[]> {
  if (names.length <= AT_ONCE || alike > 25) return yield names.toSorted()
  const byNext = Map.groupBy(names, (ulid) => ulid.charAt(alike))
  for (const key of Array.from(byNext.keys()).toSorted())
    yield* sortedPieces(byNext.get(key) ?? [], alike + 1)
}
