import type { Clock } from '../../platform/clock.ts'
import { describe } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { HOLDINGS_ASKED } from '../../protocol/center-api.ts'
import type { ManifestInstance } from '../../protocol/manifest.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { Retained } from '../queue/retained.ts'
import type { Spool } from '../queue/spool.ts'
import type { RetentionClock } from './retention-clock.ts'

const EVERY_MS = 60_000

export interface RetentionParts {
  retained: Retained
  spool: Spool
  /** How long a confirmed instance is kept. */
  keepMs: number
  retentionClock: RetentionClock
  /** Asks the center at this moment whether it still knows all that it has receipted. */
  centerIsWhole: (signal: AbortSignal) => Promise<boolean>
  /** Which of these the center does not hold at this moment, file and all, by ULID; at most 200 are asked about. */
  askMissing: (instances: readonly ManifestInstance[], signal: AbortSignal) => Promise<readonly string[]>
  /** The center lacks instances that it had receipted: its receipts are to be compared. */
  inDoubt: () => void
  clock: Clock
  log: Log
}

/**
 * Removes spool files, in the one safe order: the receipt was checked and the confirmation FULL-committed, the retention
 * time has passed by both clocks (retention-clock.ts), the center has looked at its file at this moment, the removal is
 * written down, and only then the file is unlinked. While the center is away, or has lost what it had receipted, nothing
 * is removed: this copy may be the only one.
 */
export class Retention {
  readonly #parts: RetentionParts

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.removeDue(signal)
      await this.#parts.clock.sleep(EVERY_MS, signal).catch(() => {})
    }
  }

  /** Returns how many files were removed. */
  async removeDue(signal: AbortSignal): Promise<number> {
    const { retained, keepMs, retentionClock, centerIsWhole, log } = this.#parts
    const now = retentionClock.advance()
    if (now === undefined) return 0
    let removed = 0
    while (retained.due(now - keepMs, 1).length > 0 && (await centerIsWhole(signal))) {
      const due = retained.due(now - keepMs, HOLDINGS_ASKED)
      const held = await this.#heldByCenter(due, signal)
      await this.#remove(held)
      removed += held.length
      if (held.length < due.length) break
    }
    if (removed > 0) log.info('confirmed instances removed after retention', { removed })
    return removed
  }

  /** A receipt may be days old: the center looks at its files once more before the last copy here goes. */
  async #heldByCenter(due: readonly Ulid[], signal: AbortSignal): Promise<Ulid[]> {
    const { retained, askMissing, inDoubt, log } = this.#parts
    try {
      const missing = new Set(await askMissing(retained.listed(due), signal))
      if (missing.size === 0) return [...due]
      log.warn('center lacks instances that it had receipted: they are kept', { instances: missing.size })
      inDoubt()
      return due.filter((ulid) => !missing.has(ulid))
    } catch (error) {
      if (!signal.aborted) log.debug('center not asked what it holds', { reason: describe(error) })
      return []
    }
  }

  async #remove(ulids: readonly Ulid[]): Promise<void> {
    const { retained, spool } = this.#parts
    retained.markRemoved(ulids)
    for (const ulid of ulids) await spool.remove(ulid)
  }
}
