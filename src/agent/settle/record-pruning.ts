import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Records } from '../queue/records.ts'
import type { RetentionClock } from './retention-clock.ts'

const EVERY_MS = 10 * 60_000
/** Number of instances deleted in one transaction, which takes some 10 ms, and the pause for other work after it. */
const SLICE = 100
const PAUSE_MS = 20

interface RecordPruningOptions {
  records: Records
  /** How long the records of a study are kept after its last spool file was removed. */
  keepMs: number
  retentionClock: RetentionClock
  clock: Clock
  log: Log
}

/**
 * Deletes the records of studies that were confirmed, and whose files were removed, long ago, so that the index does
 * not grow without end. As for files, the time has passed only if both our clock and the center's say so
 * (retention-clock.ts).
 */
export class RecordPruning {
  readonly #options: RecordPruningOptions

  constructor(options: RecordPruningOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.forgetDue(signal)
      await this.#options.clock.sleep(EVERY_MS, signal).catch(() => {})
    }
  }

  /** Returns how many studies were looked at. */
  async forgetDue(signal: AbortSignal): Promise<number> {
    const { records, keepMs, retentionClock, log } = this.#options
    const now = retentionClock.advance()
    if (now === undefined) return 0
    const until = now - keepMs
    let studies = 0
    for (; !signal.aborted; studies++) {
      const study = records.due(until)
      if (study === undefined) break
      while (!signal.aborted && records.forgetSome(study, until, SLICE)) await this.#pause(signal)
      await this.#pause(signal)
    }
    if (studies > 0) log.info('records of old studies forgotten', { studies })
    return studies
  }

  async #pause(signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(PAUSE_MS, signal).catch(() => {})
  }
}
