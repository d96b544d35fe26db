import type { Clock } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'
import { TRAILER_BYTES } from '../../../protocol/spool-file.ts'
import type { Damage, NeededFile } from '../damage.ts'
import type { Spool } from '../spool/spool.ts'
import { verifySpoolFile } from '../spool/verify-spool-file.ts'

/** Interval between passes, and the delay of the first pass after the agent's start, when other work is more urgent. */
const PASS_EVERY_MS = 24 * 3_600_000
const FIRST_AFTER_MS = 10 * 60_000
/** A tenth of the rate of a slow disk: 100,000 instances of 512 KiB take under two hours. */
const BYTES_PER_SECOND = 8 * 1024 * 1024
const BUSY_MS = 5000

interface ScrubOptions {
  spool: Spool
  damage: Damage
  /** True while devices send: the disk then serves them first. */
  isBusy: () => boolean
  clock: Clock
  log: Log
}

/**
 * Reads every spool file that is still needed, slowly, once a day, the oldest first, and compares it with its seal: bit
 * rot is found while the device may still have the instance, not when it is sent. An interrupted pass begins again.
 */
export class Scrub {
  readonly #options: ScrubOptions

  constructor(options: ScrubOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    try {
      for (let delayMs = FIRST_AFTER_MS; ; delayMs = PASS_EVERY_MS) {
        await clock.sleep(delayMs, signal)
        await this.#pass(signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { damage, log } = this.#options
    let files = 0
    let bad = 0
    for (let last = ''; ; files++) {
      const file = damage.nextNeeded(last)
      if (file === undefined) break
      if (await this.#isBad(file, signal)) bad++
      last = file.ulid
    }
    log.info('spool looked through', { files, bad })
  }

  async #isBad({ ulid, sealedBytes, sealedSha256 }: NeededFile, signal: AbortSignal): Promise<boolean> {
    const { spool, damage, log } = this.#options
    const expected = { ulid, bytes: sealedBytes + TRAILER_BYTES, sealedSha256 }
    const failure = await verifySpoolFile(spool, expected, (bytes) => this.#pause(bytes, signal))
    if (failure === undefined || damage.record([{ ulid, failure }]).length === 0) return false
    log.error('an accepted instance has gone bad on the disk', {
      ulid,
      code: failure.code,
      reason: failure.message,
    })
    return true
  }

  async #pause(bytes: number, signal: AbortSignal): Promise<void> {
    const { clock, isBusy } = this.#options
    await clock.sleep(Math.ceil((bytes / BYTES_PER_SECOND) * 1000), signal)
    while (isBusy()) await clock.sleep(BUSY_MS, signal)
  }
}
