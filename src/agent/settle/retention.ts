import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { CENTER_PATHS, HOLDINGS_ASKED } from '../../protocol/center-api.ts'
import type { ManifestInstance } from '../../protocol/manifest.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { FailedRequests } from '../queue/failed-requests.ts'
import type { Retained, RetainedCopy } from '../queue/retained.ts'
import type { Spool } from '../queue/spool/spool.ts'
import type { Missing, SpoolRoom } from '../queue/spool-room.ts'
import type { ReceiptAudit } from './receipt-audit.ts'
import type { RetentionClock } from './retention-clock.ts'
import type { SegmentCare } from './segment-care.ts'

const EVERY_MS = 60_000
/** A full disk may not even have room for the record of many removals; the removal of a few makes room for the next. */
const FEW = 5
/** The number of looks at the disk, and their times, until it shows the room that a removal has made. */
const LOOKS = 5
const LOOK_MS = 250
/** Minimum interval between questions while the center does not prove what it has. */
const ASK_AGAIN_MS = 10_000

interface Removed {
  readonly count: number
  /** Bytes of files that held one instance; a segment frees its space when all of it is removed. */
  readonly bytes: number
}
const NONE: Removed = { count: 0, bytes: 0 }

/** The question to the center before copies are removed. */
export interface HoldingsQuestions {
  /** Returns the ULIDs of those that the center does not hold now, file and all; at most 200 are asked about. */
  askMissing(instances: readonly ManifestInstance[], signal: AbortSignal): Promise<readonly string[]>
}

interface RetentionOptions {
  retained: Retained
  spool: Spool
  segments: SegmentCare
  room: SpoolRoom
  /** Retention time of a confirmed instance. */
  keepMs: number
  /** Minimum retention time if the disk is full. */
  atLeastMs: number
  retentionClock: RetentionClock
  /** Finds out whether the center still knows all that it has receipted. */
  audit: Pick<ReceiptAudit, 'isWhole' | 'wake'>
  failedRequests: FailedRequests
  questions: HoldingsQuestions
  clock: Clock
  log: Log
}

/**
 * Removes spool files in the one safe order: the receipt was checked and the confirmation FULL-committed, the retention
 * time has passed by both clocks (retention-clock.ts), the center has looked at its file at this moment, the removal is
 * recorded, and only then the file is unlinked. While the center is away, or has lost instances of its receipts,
 * nothing is removed: this copy may be the only one.
 *
 * If the disk runs short of room, confirmed copies are removed before their time, the oldest first, in the same order:
 * a second copy is worth less than an image that cannot be accepted. Their minimum retention time still applies.
 */
export class Retention {
  readonly #options: RetentionOptions

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, room } = this.#options
    let nextAtMs = Number.NEGATIVE_INFINITY
    while (!signal.aborted) {
      await this.makeRoom(signal)
      if (clock.monotonicMs() >= nextAtMs) {
        await this.removeDue(signal)
        nextAtMs = clock.monotonicMs() + EVERY_MS
      }
      if (room.state === 'unproven') await clock.sleep(ASK_AGAIN_MS, signal).catch(() => {})
      await room.untilWanted(Math.max(0, nextAtMs - clock.monotonicMs()), signal)
    }
  }

  /** Returns how many files were removed. */
  async removeDue(signal: AbortSignal): Promise<number> {
    const { retained, keepMs, retentionClock, audit, log } = this.#options
    const now = retentionClock.advance()
    if (now === undefined) return 0
    let removed = 0
    while (retained.due(now - keepMs, 1).length > 0 && (await audit.isWhole(signal))) {
      const due = retained.due(now - keepMs, HOLDINGS_ASKED)
      const held = await this.#heldByCenter(due, signal)
      await this.#remove(held)
      removed += held.length
      if (held.length < due.length) break
    }
    await this.#options.segments.tidy(false)
    if (removed > 0) log.info('confirmed instances removed after retention', { removed })
    return removed
  }

  /** Removes as many of the oldest confirmed copies as the disk lacks room. Returns how many files were removed. */
  async makeRoom(signal: AbortSignal): Promise<number> {
    const { room, log } = this.#options
    let removed = 0
    for (let missing = room.missing(); missing !== undefined; missing = room.missing()) {
      const [freeBefore, takenBefore] = [room.disk?.freeBytes ?? 0, room.takenBytes]
      const { count, bytes } = signal.aborted ? NONE : await this.#removeOldest(missing, signal)
      const freed = bytes + (signal.aborted ? 0 : await this.#options.segments.tidy(true))
      removed += count
      if (count === 0 && freed === 0) break
      await this.#untilSeen(freeBefore + takenBefore + freed / 2, signal)
    }
    if (removed > 0) log.warn('confirmed instances removed early: the disk is short of room', { removed })
    return removed
  }

  /**
   * Some file systems release space some time after the unlink: no more copies than needed may be removed meanwhile.
   */
  async #untilSeen(freeAndTaken: number, signal: AbortSignal): Promise<void> {
    const { room, clock } = this.#options
    for (let i = 0; i < LOOKS && !signal.aborted; i++) {
      if (i > 0) await clock.sleep(LOOK_MS, signal).catch(() => {})
      const { freeBytes } = await room.look()
      if (freeBytes + room.takenBytes >= freeAndTaken) return
    }
  }

  async #removeOldest(missing: Missing, signal: AbortSignal): Promise<Removed> {
    const { retained, room, atLeastMs, retentionClock, audit } = this.#options
    if (retained.total().instances === 0) {
      room.tell('nothing')
      return NONE
    }
    const now = retentionClock.advance()
    if (now === undefined) {
      room.tell('unproven')
      return NONE
    }
    const oldest = retained.oldest(now - atLeastMs, HOLDINGS_ASKED)
    if (oldest.length === 0) {
      room.tell('young')
      return NONE
    }
    room.tell('making')
    const held = (await audit.isWhole(signal))
      ? await this.#heldByCenter(enough(oldest, missing), signal)
      : []
    if (held.length === 0) room.tell('unproven')
    const sizes = new Map(oldest.map(({ ulid, sealedBytes, isAlone }) => [ulid, isAlone ? sealedBytes : 0]))
    for (let i = 0; i < held.length; i += FEW) await this.#remove(held.slice(i, i + FEW))
    return { count: held.length, bytes: held.reduce((sum, ulid) => sum + (sizes.get(ulid) ?? 0), 0) }
  }

  /** A receipt may be days old: the center looks at its files again before the last copy here is removed. */
  async #heldByCenter(due: readonly Ulid[], signal: AbortSignal): Promise<Ulid[]> {
    const { retained, audit, failedRequests, questions, clock, log } = this.#options
    try {
      const missing = new Set(await questions.askMissing(retained.listed(due), signal))
      failedRequests.succeeded('holdings', CENTER_PATHS.holdings)
      if (missing.size === 0) return [...due]
      log.warn('center lacks instances that it had receipted: they are kept', { instances: missing.size })
      audit.wake()
      return due.filter((ulid) => !missing.has(ulid))
    } catch (error) {
      if (signal.aborted) return []
      const failure = failureFrom(error, 'INTERNAL', 'asking the center what it holds')
      failedRequests.failed('holdings', CENTER_PATHS.holdings, failure, clock.now() + EVERY_MS)
      log.debug('center not asked what it holds', { reason: failure.message })
      return []
    }
  }

  async #remove(ulids: readonly Ulid[]): Promise<void> {
    const { retained, spool } = this.#options
    retained.markRemoved(ulids)
    for (const ulid of ulids) await spool.remove(ulid)
  }
}

/** Returns the first copies whose removal frees the missing room; all of them if that is not enough. */
function enough(oldest: readonly RetainedCopy[], missing: Missing): Ulid[] {
  let bytes = 0
  const last = oldest.findIndex(({ sealedBytes }, i) => {
    bytes += sealedBytes
    return bytes >= missing.bytes && i + 1 >= missing.files
  })
  return oldest.slice(0, last === -1 ? undefined : last + 1).map(({ ulid }) => ulid)
}
