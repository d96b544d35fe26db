import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { MarkerRegister, StoredFileRegister } from '../register/store-register.ts'
import { RecurringLook } from './recurring-look.ts'
import type { StoredFiles } from './stored-files.ts'

interface PresenceSweepOptions {
  readonly files: StoredFiles
  readonly rows: StoredFileRegister
  readonly marker: MarkerRegister
  readonly clock: Clock
  readonly log: Log
}

/** Agents keep their copies for days: a lost file must be known while they still have them. */
const EVERY_MS = 24 * 3_600_000
const LOOK_EVERY_MS = 10_000
const ROWS_AT_ONCE = 200
/** Leaves the disk to other work: some 2,000 files a second. */
const PAUSE_MS = 100

/**
 * Checks at the start, once a day, and after an operator has accepted another disk, whether the file of every instance
 * exists with its length. That reads no content, so it is far ahead of the scrub: files that were deleted, cut off or
 * not restored are known within the day, for a store of any size.
 */
export class PresenceSweep implements AsyncDisposable {
  readonly #options: PresenceSweepOptions
  readonly #recurring: RecurringLook
  /** The end of the last one, on the monotonic clock, and the store's marker at that time. */
  #last: { atMs: number; marker: string | undefined } | undefined

  constructor(options: PresenceSweepOptions) {
    this.#options = options
    this.#recurring = new RecurringLook({
      attempted: 'looking for stored instances',
      failed: 'stored instances not looked for',
      look: async (signal) => {
        if (await this.#isDue()) await this.#sweep(signal)
        return LOOK_EVERY_MS
      },
      afterFailureMs: LOOK_EVERY_MS,
      clock: options.clock,
      log: options.log,
    })
  }

  start(): void {
    this.#recurring.start()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#recurring[Symbol.asyncDispose]()
  }

  async #isDue(): Promise<boolean> {
    const { marker, clock } = this.#options
    if (this.#last === undefined || clock.monotonicMs() - this.#last.atMs >= EVERY_MS) return true
    return this.#last.marker !== (await marker.id())
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { files, rows, marker, clock, log } = this.#options
    const markerId = await marker.id()
    let count = 0
    let lost = 0
    for (let last = 0; ; ) {
      const next = await rows.after(last, ROWS_AT_ONCE)
      const end = next.at(-1)
      if (end === undefined) break
      lost += (await files.lost(next.filter(({ isLost }) => isLost === 0))).size
      count += next.length
      last = end.id
      if (next.length === ROWS_AT_ONCE) await clock.sleep(PAUSE_MS, signal)
    }
    this.#last = { atMs: clock.monotonicMs(), marker: markerId }
    log.info('stored instances looked for', { files: count, lost })
  }
}
