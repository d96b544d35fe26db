import { statfs } from 'node:fs/promises'
import type { Clock, Timer } from '../../platform/clock.ts'
import { Failure, type FailureCode } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type { WatchPoints } from '../queue/watch-points.ts'

const LOOK_EVERY_MS = 2000
/** After a storage error, how long nothing is taken before it is tried again. */
const BREAKER_MS = 30_000
const SUBJECT = 'spool'

/**
 * Says whether instances can be taken. Below the reserve new associations are refused, and what was let in finishes from
 * the reserve. A storage error opens the breaker for a while and raises an alarm that stands until an instance is stored.
 */
export class StorageGate implements Disposable {
  readonly #folder: string
  readonly #reserveBytes: number
  readonly #clock: Clock
  readonly #log: Log
  readonly #watchPoints: WatchPoints
  #freeBytes = Number.POSITIVE_INFINITY
  #brokenUntil = 0
  #fault: Failure | undefined
  #timer: Timer | undefined

  constructor(parts: {
    folder: string
    reserveBytes: number
    clock: Clock
    log: Log
    watchPoints: WatchPoints
  }) {
    this.#folder = parts.folder
    this.#reserveBytes = parts.reserveBytes
    this.#clock = parts.clock
    this.#log = parts.log
    this.#watchPoints = parts.watchPoints
  }

  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Looks at the disk now and from then on every other second. */
  async watch(): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(this.#folder)
      this.#setFree(bavail * bsize)
    } catch (error) {
      this.failed(new Failure('STORAGE_ERROR', `looking at the disk of ${this.#folder}`, { cause: error }))
    }
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => void this.watch())
  }

  /** Why nothing can be taken just now, in words. */
  trouble(): string | undefined {
    if (this.#fault !== undefined && this.#clock.monotonicMs() < this.#brokenUntil) return this.#fault.message
    if (this.#freeBytes >= this.#reserveBytes) return undefined
    return `${this.#freeBytes} bytes free on the disk, and ${this.#reserveBytes} are kept in reserve`
  }

  /** An instance could not be stored. A full disk shows in the free bytes; anything else opens the breaker. */
  failed(failure: Failure): void {
    const isNew = this.#fault?.message !== failure.message
    this.#fault = failure
    this.#brokenUntil = this.#clock.monotonicMs() + BREAKER_MS
    if (isNew) this.#alarm(failure.code, failure.message)
  }

  /** An instance was stored. */
  worked(): void {
    if (this.#fault === undefined) return
    this.#watchPoints.clear(this.#fault.code, SUBJECT)
    this.#fault = undefined
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }

  #setFree(freeBytes: number): void {
    const [was, is] = [this.#freeBytes < this.#reserveBytes, freeBytes < this.#reserveBytes]
    this.#freeBytes = freeBytes
    if (is && !was)
      this.#alarm('STORAGE_FULL', `${freeBytes} bytes free, ${this.#reserveBytes} kept in reserve`)
    if (was && !is) {
      this.#watchPoints.clear('STORAGE_FULL', SUBJECT)
      this.#log.info('disk space is back', { freeBytes })
    }
  }

  #alarm(code: FailureCode, message: string): void {
    this.#log.error('storage takes nothing', { code, reason: message })
    try {
      this.#watchPoints.raise(code, SUBJECT, message)
    } catch (error) {
      // The database lies on the same disk; the log line above is what remains.
      this.#log.error('alarm not written down', { code, reason: String(error) })
    }
  }
}
