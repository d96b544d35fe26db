import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { TRAILER_BYTES } from '../../protocol/spool-file.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { Damage } from '../queue/damage.ts'
import type { SegmentRecords, SegmentRow } from '../queue/segments/segment-records.ts'
import type { Spool } from '../queue/spool/spool.ts'
import type { SpoolWriter } from '../queue/spool/spool-writer.ts'

/** An instance that keeps a segment on the disk for longer than this, after others of it were removed, is moved out. */
const PATIENCE_MS = 24 * 3_600_000
/** Maximum number of instances moved in one pass. */
const MOST = 1000

interface SegmentCareOptions {
  readonly spool: Spool
  readonly segments: SegmentRecords
  readonly damage: Damage
  readonly clock: Clock
  readonly log: Log
}

/**
 * Frees the space of instances that retention has removed. A segment is unlinked when none of its instances is needed.
 * One that a few instances keep on the disk for over a day, or while the disk is short of room, is emptied: each of them
 * is copied into a file of its own, compared with its seal, synced, and entered in the index with its new place (FULL);
 * then the segment goes. A crash at any point leaves the bytes at the place that the index names.
 */
export class SegmentCare {
  readonly #options: SegmentCareOptions

  constructor(options: SegmentCareOptions) {
    this.#options = options
  }

  /** Returns how many bytes were freed. */
  async tidy(isShort: boolean): Promise<number> {
    const { segments, spool, clock } = this.#options
    const now = clock.now()
    const growing = spool.growing
    if (growing !== undefined && typeof segments.get(growing)?.removedSince === 'number') spool.endSegment()
    let freed = await this.#unlinkEmpty()
    let left = MOST
    for (const row of segments.all()) {
      if (row.removedSince === null || row.name === spool.growing || left <= 0) continue
      if (isShort ? !this.#isWorthwhile(row) : now - row.removedSince < PATIENCE_MS) continue
      left -= await this.#moveOut(row, left)
    }
    if (left < MOST) freed += await this.#unlinkEmpty()
    return freed
  }

  /** On a full disk the copies must be much smaller than what they free. */
  #isWorthwhile({ name }: SegmentRow): boolean {
    const { segments, spool } = this.#options
    return segments.presentBytes(name) * 2 < spool.segmentBytes(name)
  }

  async #unlinkEmpty(): Promise<number> {
    const { segments, spool, damage } = this.#options
    const doubtful = damage.doubtful()
    let freed = 0
    for (const { name, indexedTo, endsAt } of segments.empty()) {
      if (name === spool.growing || doubtful.has(name)) continue
      const bytes = spool.segmentBytes(name)
      // Instances after the mark may have no rows yet.
      if (indexedTo < Math.min(bytes, endsAt ?? bytes)) continue
      await spool.removeSegment(name)
      segments.forget(name)
      freed += bytes
    }
    return freed
  }

  /** Returns how many instances were moved. */
  async #moveOut({ name }: SegmentRow, limit: number): Promise<number> {
    const { segments, log } = this.#options
    const ulids = segments.movable(name, limit)
    for (const ulid of ulids) {
      await this.#moveOne(ulid)
      await setImmediate()
    }
    if (ulids.length > 0)
      log.info('instances moved out of a segment that is otherwise not needed', {
        segment: name,
        instances: ulids.length,
      })
    return ulids.length
  }

  async #moveOne(ulid: Ulid): Promise<void> {
    const { spool, segments } = this.#options
    const place = segments.placeOf(ulid)
    if (place === undefined) return
    const bytes = place.sealedBytes + TRAILER_BYTES
    // A file that was synced once is not removed again: the index may name it after a crash.
    if (await spool.isOwnFileWhole({ ulid, bytes, sealedSha256: place.sealedSha256 }))
      await spool.syncOwnFile(ulid)
    else if (!(await this.#copy(ulid, bytes, place.sealedSha256))) return
    segments.movedOut(ulid)
  }

  /** Returns false if the instance is damaged: it stays where it is, and is recorded as damaged. */
  async #copy(ulid: Ulid, bytes: number, sealedSha256: string): Promise<boolean> {
    const { spool, damage } = this.#options
    await spool.removeOwnFile(ulid)
    const file = spool.create(ulid)
    try {
      await this.#copyInto(file, ulid, bytes, sealedSha256)
      await file.finish()
      await spool.syncNames([{ ulid, syncsBegun: file.syncsBegun }])
      return true
    } catch (error) {
      await file.discard()
      if (!isDamage(error)) throw error
      damage.record([{ ulid, failure: error }])
      return false
    }
  }

  async #copyInto(file: SpoolWriter, ulid: Ulid, bytes: number, sealedSha256: string): Promise<void> {
    const hash = createHash('sha256')
    let left = bytes - TRAILER_BYTES
    for await (const piece of this.#options.spool.range(ulid, 0, bytes)) {
      hash.update(piece.subarray(0, Math.max(0, left)))
      left -= piece.length
      await file.push([piece])
    }
    if (hash.digest('hex') !== sealedSha256)
      throw new Failure(
        'SPOOL_FILE_DAMAGED',
        `moving ${ulid}: it no longer has the digest that it was sealed with`,
      )
  }
}

function isDamage(error: unknown): error is Failure {
  return (
    error instanceof Failure && (error.code === 'SPOOL_FILE_DAMAGED' || error.code === 'SPOOL_FILE_MISSING')
  )
}
