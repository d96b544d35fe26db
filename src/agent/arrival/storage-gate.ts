import type { StatsFs } from 'node:fs'
import { access, constants, stat, statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../../platform/clock.ts'
import { writeDurably } from '../../platform/durable-file.ts'
import { type Failure, type FailureCode, failureFrom, storageFailure } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { showBytes } from '../../platform/show-bytes.ts'
import type { Alarm, Alarms } from '../queue/alarms.ts'
import { RESERVE_FILES, type SpoolRoom } from '../queue/spool-room.ts'

const LOOK_EVERY_MS = 2000
/** Pause after a disk error before the disk is tried; a disk that was merely full is tried at the next look. */
const REST_MS = 5000
const TRIAL_BYTES = 4096
const SUBJECT = 'spool'
/** Codes that {@link StorageGate.failed} reports; other alarms of the same subject are not the gate's. */
const OURS = new Set<string>(['STORAGE_FULL', 'STORAGE_ERROR', 'DATABASE_ERROR'] satisfies FailureCode[])

interface StorageGateOptions {
  /** The data folder, which holds the index and the spool; either may lie on a disk of its own. */
  folder: string
  reserveBytes: number
  room: SpoolRoom
  clock: Clock
  log: Log
  alarms: Alarms
  /** Writes the rows of instances that the index has refused; throws if it refuses them again. */
  writeRows: () => void
}

/**
 * Decides whether instances can be accepted. Below the reserve new associations are refused, and accepted ones finish
 * from the reserve. While retention makes room, devices are accepted down to half of the reserve. A storage error opens
 * the breaker: new associations are refused until a trial has written and synced a small file and the index. Both
 * states are alarms while they last, and both end by themselves, also if no device calls.
 */
export class StorageGate implements Disposable {
  readonly #options: StorageGateOptions
  readonly #spool: string
  /** The disk of the index, if the spool has one of its own. */
  #indexDisk: StatsFs | undefined
  /** The shortage found by the last look. */
  #shortage: Alarm | undefined
  /** True while at least half of the reserve is left. */
  #isHalfLeft = true
  /** The last storage fault, and the time of the next trial. */
  #fault: Alarm | undefined
  #restUntilMs = 0
  /** The alarms in the index, by code; initially those of the previous run. */
  #written: Map<string, string> | undefined
  #timer: Timer | undefined
  #isClosed = false

  constructor(options: StorageGateOptions) {
    this.#options = options
    this.#spool = join(options.folder, 'spool')
  }

  get freeBytes(): number {
    const { bavail, bsize } = this.#indexDisk ?? { bavail: Number.POSITIVE_INFINITY, bsize: 1 }
    return Math.min(bavail * bsize, this.#options.room.disk?.freeBytes ?? Number.POSITIVE_INFINITY)
  }

  /** Raised alarms that could not be written, because the index or its disk failed. */
  get unwrittenAlarms(): readonly Alarm[] {
    return this.#standing().filter(({ code }) => this.#written?.has(code) !== true)
  }

  /** Looks at the disk now and then every other second, and tries it after a failure. Never rejects. */
  async watch(): Promise<void> {
    await this.#look()
    if (this.#fault !== undefined && this.#options.clock.monotonicMs() >= this.#restUntilMs) await this.#try()
    else this.#writeDown()
    if (!this.#isClosed) this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => void this.watch())
  }

  /** Returns the reason why nothing can be accepted now, in words; undefined if instances can be accepted. */
  trouble(): string | undefined {
    return this.standing()?.message
  }

  /** The alarm for that reason, with its code. */
  standing(): Alarm | undefined {
    this.#measure()
    if (this.#fault === undefined && this.#isHalfLeft && this.#options.room.state === 'making')
      return undefined
    return this.#standing()[0]
  }

  /** Reports a storage failure to the gate. Never throws. */
  failed(failure: Failure): void {
    const restMs = failure.code === 'STORAGE_FULL' ? 0 : REST_MS
    this.#restUntilMs = this.#options.clock.monotonicMs() + restMs
    if (this.#fault?.code === failure.code) return
    this.#fault = this.#alarm(failure.code, failure.message)
    this.#writeDown()
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    const { folder, room } = this.#options
    try {
      const [data, spool] = await Promise.all([stat(folder), stat(this.#spool), room.look()])
      this.#indexDisk = data.dev === spool.dev ? undefined : await statfs(folder)
      // A file system may become read-only after an error. This shows it before an instance fails.
      await access(this.#spool, constants.W_OK)
      this.#measure()
    } catch (error) {
      this.failed(storageFailure(error, `looking at the disk of ${this.#spool}`))
    }
  }

  /** Uses the latest figures of either this class or retention, which looks again once it has made room. */
  #measure(): void {
    const { room, reserveBytes } = this.#options
    const freeFiles = Math.min(namesLeft(this.#indexDisk), room.disk?.freeFiles ?? Number.POSITIVE_INFINITY)
    const words = shortage(this.freeBytes, reserveBytes) ?? shortageOfFiles(freeFiles)
    this.#isHalfLeft = 2 * this.freeBytes >= reserveBytes && 2 * freeFiles >= RESERVE_FILES
    if (words !== undefined) this.#shortage ??= this.#alarm('STORAGE_FULL', words)
    else if (this.#shortage !== undefined) {
      this.#shortage = undefined
      this.#options.log.info('disk space is back', { freeBytes: this.freeBytes })
    }
  }

  /**
   * Repeats the disk work of an instance: writes the index and the rows that wait for it, creates a file, syncs its data
   * and its name, removes it.
   */
  async #try(): Promise<void> {
    const fault = this.#fault
    const path = join(this.#spool, 'trial')
    try {
      this.#reconcile()
      this.#options.writeRows()
      await unlink(path).catch(() => {})
      await writeDurably(path, Buffer.alloc(TRIAL_BYTES))
      await unlink(path)
      // An instance may have failed in another way during the trial.
      if (this.#fault !== fault) return
      this.#fault = undefined
      this.#reconcile()
      this.#options.log.info('storage works again', { code: fault?.code })
    } catch (error) {
      this.#fault ??= fault
      this.failed(storageFailure(error, `trying the disk of ${this.#spool}`))
    }
  }

  #alarm(code: FailureCode, message: string): Alarm {
    this.#options.log.error('storage takes nothing', { code, reason: message })
    return { code, subject: SUBJECT, message, since: this.#options.clock.now() }
  }

  #standing(): Alarm[] {
    return [this.#fault, this.#shortage].filter((alarm) => alarm !== undefined)
  }

  /** Makes the alarms of the index equal to the raised ones, now or at a later look. Never throws. */
  #writeDown(): void {
    try {
      this.#reconcile()
    } catch (error) {
      const { code, message } = failureFrom(error, 'DATABASE_ERROR', 'writing an alarm down')
      this.#options.log.warn('alarm not written down', { code, reason: message })
    }
  }

  #reconcile(): void {
    const { alarms } = this.#options
    this.#written ??= new Map(
      alarms
        .list()
        .filter(isOurs)
        .map(({ code, message }) => [code, message]),
    )
    const standing = new Map(this.#standing().map((alarm) => [alarm.code, alarm]))
    for (const { code, subject, message } of standing.values()) {
      if (this.#written.get(code) === message) continue
      alarms.raise(code, subject, message)
      this.#written.set(code, message)
    }
    for (const code of this.#written.keys()) {
      if (standing.has(code)) continue
      alarms.clear(code, SUBJECT)
      this.#written.delete(code)
    }
  }
}

function isOurs({ code, subject }: Alarm): boolean {
  return subject === SUBJECT && OURS.has(code)
}

/** 0 of 0 means that the file system has no such limit. */
function namesLeft(disk: StatsFs | undefined): number {
  return disk === undefined || disk.files === 0 ? Number.POSITIVE_INFINITY : disk.ffree
}

function shortage(freeBytes: number, reserveBytes: number): string | undefined {
  if (freeBytes >= reserveBytes) return undefined
  return `${showBytes(freeBytes)} free on the disk, and ${showBytes(reserveBytes)} are kept in reserve`
}

function shortageOfFiles(freeFiles: number): string | undefined {
  if (freeFiles >= RESERVE_FILES) return undefined
  return `room for ${freeFiles} more files on the disk, and ${RESERVE_FILES} are kept in reserve`
}
