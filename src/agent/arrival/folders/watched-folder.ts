import type { FolderSettings } from '../../../config/folder-settings.ts'
import type { Clock } from '../../../platform/clock.ts'
import { describe, failureFrom } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import { Wake } from '../../../platform/wake.ts'
import type { Alarms } from '../../queue/alarms.ts'
import {
  dayOf,
  type FolderFileKey,
  type FolderFileRow,
  type FolderLedger,
} from '../../queue/folder-ledger.ts'
import type { Assignment, FileTaker } from './file-taker.ts'
import { FolderAlarms, type StandingAlarms } from './folder-alarms.ts'
import { FolderSweep, type SweepResult } from './folder-sweep.ts'
import { FolderWatcher } from './folder-watcher.ts'
import { realPathOf } from './real-path.ts'

const LOCAL_MS = 10_000
const NETWORK_MS = 30_000
/** Looking takes at most a tenth of the time, unless one look takes very long: new files are seen within minutes. */
const REST = 9
const LONGEST_REST_MS = 2 * 60_000
const PAUSE_MS = 2000
/** A file whose patient is not known after this time needs a person. */
const PATIENCE_MS = 86_400_000
/** Time for which rows of files that others have deleted are kept. */
const KEPT_DAYS = 30

interface WatchedFolderOptions {
  readonly settings: FolderSettings
  /** Absolute: never watched, and never within a watched folder. */
  readonly dataFolder: string
  readonly secret: Buffer
  readonly ledger: FolderLedger
  readonly alarms: Alarms
  readonly taker: FileTaker
  /** The reason why nothing can be taken now: a full disk, or no center. Undefined if all is well. */
  readonly paused: () => string | undefined
  readonly clock: Clock
  readonly log: Log
}

/** The state of a folder, for people. */
interface FolderState {
  readonly trouble: string | undefined
  readonly since: number | undefined
  /** `sweep`: no watcher shortens the wait, by setting or because of `watcherTrouble`. */
  readonly woken: 'watcher' | 'sweep'
  readonly watcherTrouble: string | undefined
  /** Files that still change, were seen once only, or are not whole yet. */
  readonly moving: number
  readonly takenSinceStart: number
  readonly lastSweepAt: number | undefined
}

/** One watched folder: sweeps it from time to time, or when the watcher wakes it, until it is told to stop. */
export class WatchedFolder {
  readonly #options: WatchedFolderOptions
  readonly #wake: Wake
  readonly #alarms: FolderAlarms
  readonly #sweep: FolderSweep
  #watcher: FolderWatcher | undefined
  #watcherTrouble: string | undefined
  #trouble: { words: string; since: number } | undefined
  #lastSweepAt: number | undefined

  constructor(options: WatchedFolderOptions) {
    const { clock, alarms, settings } = options
    this.#options = options
    this.#wake = new Wake(clock)
    this.#alarms = new FolderAlarms(alarms, settings.name)
    this.#sweep = new FolderSweep(options)
  }

  get settings(): FolderSettings {
    return this.#options.settings
  }

  get state(): FolderState {
    return {
      trouble: this.#trouble?.words,
      since: this.#trouble?.since,
      woken: this.#watcher === undefined ? 'sweep' : 'watcher',
      watcherTrouble: this.#watcherTrouble,
      moving: this.#sweep.moving,
      takenSinceStart: this.#sweep.takenSinceStart,
      lastSweepAt: this.#lastSweepAt,
    }
  }

  /** The path below the folder of a file that waits or is held, if the last sweep has seen it. */
  shownPath(ulid: string): string | undefined {
    return this.#sweep.shownPath(ulid)
  }

  /** Tries held files again, and asks again whose the others are, at once. */
  retry(): void {
    this.#sweep.retry()
    this.#wake.call()
  }

  /** Takes a file, because a person says whose it is. Throws USAGE, FOLDER_UNREACHABLE, or the failure that holds it. */
  async assign(row: FolderFileRow & FolderFileKey, assignment: Assignment): Promise<void> {
    const { path } = this.#options.settings
    const root = await this.#openRoot().catch((error: unknown) => {
      throw failureFrom(error, 'FOLDER_UNREACHABLE', `reading ${path}`)
    })
    await this.#sweep.assign(root, row, assignment)
    // Alarms about waiting files are looked at again.
    this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, settings, paused } = this.#options
    try {
      while (!signal.aborted) {
        const begunMs = clock.monotonicMs()
        const result = paused() === undefined ? await this.#sweepOnce(signal) : undefined
        const lookedMs = clock.monotonicMs() - begunMs - (result?.workedMs ?? 0)
        const usualMs = settings.network ? NETWORK_MS : LOCAL_MS
        // A file that was seen for the first time is looked at again as soon as it may be taken.
        const isMore = result !== undefined && (result.moving > 0 || result.isMoreWaiting)
        const waitMs =
          result === undefined ? PAUSE_MS : isMore ? Math.min(usualMs, settings.stillMs) : usualMs
        const restMs = Math.min(LONGEST_REST_MS, REST * lookedMs)
        await this.#wait(Math.max(waitMs, restMs), restMs, signal)
      }
    } finally {
      await this.#unwatch()
      await this.#sweep.idle()
    }
  }

  /** A call of the watcher shortens the wait, but not the rest after a long sweep. */
  async #wait(ms: number, restMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    if (restMs > 0) await clock.sleep(Math.min(restMs, ms), signal).catch(() => {})
    if (ms > restMs) await this.#wake.wait(ms - restMs, signal)
  }

  /** Returns undefined if the folder cannot be read. */
  async #sweepOnce(signal: AbortSignal): Promise<SweepResult | undefined> {
    const { settings, clock, log, ledger } = this.#options
    let result: SweepResult | undefined
    try {
      const root = await this.#openRoot()
      result = await this.#sweep.run(root, signal)
      if (this.#trouble !== undefined) log.info('watched folder is back', { folder: settings.name })
      this.#trouble = undefined
      this.#lastSweepAt = clock.now()
      ledger.forgetUnseen(settings.name, 'taken', dayOf(clock.now()) - KEPT_DAYS)
    } catch (error) {
      if (signal.aborted) return undefined
      await this.#unwatch()
      const { code, message } = failureFrom(error, 'FOLDER_UNREACHABLE', `reading ${settings.path}`)
      if (code !== 'FOLDER_UNREACHABLE') throw error
      if (this.#trouble === undefined)
        log.error('watched folder cannot be read', { folder: settings.name, code, reason: message })
      this.#trouble = { words: message, since: this.#trouble?.since ?? clock.now() }
    }
    this.#alarms.reconcile(this.#standing(result))
    return result
  }

  async #openRoot(): Promise<Buffer> {
    const { settings, dataFolder } = this.#options
    const root = await realPathOf(settings.path)
    const own = await realPathOf(dataFolder)
    if (isWithin(root, own) || isWithin(own, root))
      throw Object.assign(new Error("it is, or contains, or is within Ferry's data folder"), {
        code: 'EINVAL',
      })
    if (!settings.network && this.#watcher === undefined && this.#watcherTrouble === undefined)
      this.#watcher = new FolderWatcher(settings.path, () => this.#wake.call())
    await this.#lookAtWatcher()
    return root
  }

  async #lookAtWatcher(): Promise<void> {
    const trouble = this.#watcher?.trouble
    if (trouble === undefined) return
    const { settings, log } = this.#options
    this.#watcherTrouble = trouble
    await this.#unwatch()
    log.warn('watcher ended, the sweep goes on', { folder: settings.name, reason: trouble })
  }

  async #unwatch(): Promise<void> {
    const watcher = this.#watcher
    this.#watcher = undefined
    await watcher?.[Symbol.asyncDispose]()
  }

  #standing(result: SweepResult | undefined): StandingAlarms {
    const { settings, ledger, clock } = this.#options
    if (result === undefined) return { FOLDER_UNREACHABLE: this.#trouble?.words ?? describe('') }
    const { held } = ledger.counts(settings.name)
    const [oldest] = ledger.open(settings.name, 1)
    const isLate = oldest?.state === 'waiting' && clock.now() - oldest.since > PATIENCE_MS
    const { kept, unreadable } = result
    return {
      ...(unreadable !== undefined && { FOLDER_UNREACHABLE: unreadable }),
      ...(held > 0 && { FOLDER_FILE_HELD: heldWords(held, ledger.heldReasons(settings.name)) }),
      ...(isLate && { FOLDER_NEEDS_PATIENT: `the oldest file is ${oldest.ulid}` }),
      ...(kept !== undefined && { FOLDER_SOURCE_KEPT: kept }),
    }
  }
}

/** "3 files cannot be taken as they are: 2 IMAGE_PROGRESSIVE, 1 FILE_ZIP". */
function heldWords(held: number, reasons: readonly { reason: string; files: number }[]): string {
  const each = reasons.map(({ reason, files }) => `${files} ${reason}`).join(', ')
  return `${held} files cannot be taken as they are: ${each}`
}

function isWithin(inner: Buffer, outer: Buffer): boolean {
  if (inner.equals(outer) || outer.toString('latin1') === '/') return true
  return inner.toString('latin1').startsWith(`${outer.toString('latin1')}/`)
}
