import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Retained } from '../queue/retained.ts'
import type { Spool } from '../queue/spool.ts'
import type { RetentionClock } from './retention-clock.ts'

const EVERY_MS = 60_000
/** Instances removed in one transaction. */
const BATCH = 200

export interface RetentionParts {
  retained: Retained
  spool: Spool
  /** How long a confirmed instance is kept. */
  keepMs: number
  retentionClock: RetentionClock
  /** Asks the center at this moment whether it still knows all that it has receipted. */
  centerIsWhole: (signal: AbortSignal) => Promise<boolean>
  clock: Clock
  log: Log
}

/**
 * Removes spool files, in the one safe order: the receipt was checked and the confirmation FULL-committed, the retention
 * time has passed by both clocks (retention-clock.ts), the removal is written down, and only then the file is unlinked. While the center is away, or has lost what
 * it had receipted, nothing is removed: this copy may be the only one.
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
    const { retained, spool, keepMs, retentionClock, centerIsWhole, log } = this.#parts
    const now = retentionClock.advance()
    if (now === undefined) return 0
    let removed = 0
    while (retained.due(now - keepMs, 1).length > 0 && (await centerIsWhole(signal))) {
      const due = retained.due(now - keepMs, BATCH)
      retained.markRemoved(due)
      for (const ulid of due) await spool.remove(ulid)
      removed += due.length
    }
    if (removed > 0) log.info('confirmed instances removed after retention', { removed })
    return removed
  }
}
