import { createHash } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { Failure, systemCode } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import type {
  MarkerRegister,
  ScrubProgress,
  ScrubRegister,
  StoredFileDigest,
  StoredFileRegister,
} from '../register/store-register.ts'
import type { InstanceStore } from './instance-store.ts'
import { RecurringLook } from './recurring-look.ts'
import type { StoredFiles } from './stored-files.ts'

export interface ScrubPace {
  readonly bytesPerSecond: number
  /** From the end of one pass to the beginning of the next. */
  readonly everyMs: number
}

interface StoreScrubOptions {
  readonly store: InstanceStore
  readonly files: StoredFiles
  readonly rows: StoredFileRegister
  readonly scrub: ScrubRegister
  readonly marker: MarkerRegister
  readonly pace: ScrubPace
  readonly clock: Clock
  readonly log: Log
}

/** Between two looks whether a pass is due. */
const LOOK_EVERY_MS = 60_000
/** Pause after a fault that is not a file's: the disk is away, or does not answer. */
const TRY_AGAIN_MS = 30_000
const ROWS_AT_ONCE = 100
const SAVE_EVERY_MS = 5_000
/** Shorter pauses are combined into one. */
const LEAST_PAUSE_MS = 10

/**
 * Reads every stored file, slowly, the oldest first, and compares it with the digest that was computed while it was
 * written: bit rot is found while an agent may still have the instance. A lost instance whose file is whole again is
 * restored. The position is in the register, so that a restart continues where the last one ended.
 */
export class StoreScrub implements AsyncDisposable {
  readonly #options: StoreScrubOptions
  readonly #recurring: RecurringLook
  #owedMs = 0

  constructor(options: StoreScrubOptions) {
    this.#options = options
    this.#recurring = new RecurringLook({
      attempted: 'reading stored instances',
      failed: 'scrub of stored instances rests',
      look: async (signal) => {
        if (await this.#isDue()) await this.#pass(signal)
        return LOOK_EVERY_MS
      },
      afterFailureMs: TRY_AGAIN_MS,
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

  /** A time in the future was written by a clock that has jumped back since. */
  async #isDue(): Promise<boolean> {
    const { scrub, pace, clock } = this.#options
    const { startedAt, finishedAt } = await scrub.progress()
    const now = clock.now()
    return startedAt !== null || finishedAt === null || finishedAt > now || now - finishedAt >= pace.everyMs
  }

  /** Continues the current pass, or begins one, and completes it. */
  async #pass(signal: AbortSignal): Promise<void> {
    const { scrub, rows, marker, clock, log } = this.#options
    const before = await scrub.progress()
    let progress = before.startedAt === null ? atTheFront(before, clock.now()) : before
    let savedMs = clock.monotonicMs()
    let markerId = await marker.id()
    for (;;) {
      const next = await rows.after(progress.position, ROWS_AT_ONCE)
      if (next.length === 0) break
      for (const row of next) {
        progress = after(progress, row, await this.#check(row, signal))
        await this.#pause(signal)
        if (clock.monotonicMs() - savedMs < SAVE_EVERY_MS) continue
        await scrub.save(progress)
        savedMs = clock.monotonicMs()
      }
      const markerNow = await marker.id()
      // An operator has accepted another disk: earlier reads say nothing about it.
      if (markerNow !== markerId) progress = atTheFront(progress, clock.now())
      markerId = markerNow
    }
    const { checked, lost } = progress
    await scrub.save({
      ...progress,
      startedAt: null,
      finishedAt: clock.now(),
      finishedChecked: checked,
      finishedLost: lost,
    })
    log.info('stored instances read through', { files: checked, lost })
  }

  /** Resolves to true if the instance is newly lost. */
  async #check(row: StoredFileDigest, signal: AbortSignal): Promise<boolean> {
    const { files } = this.#options
    if ((await files.lost(row.isLost === 1 ? [] : [row])).size > 0) return true
    const reason = await this.#compare(row, signal)
    if (reason !== undefined) return (await files.markLost([{ ...row, reason }])) > 0
    if (row.isLost === 1) await files.markFound(row)
    return false
  }

  /** Reads the whole file; returns its fault. */
  async #compare(
    { file, fileBytes, fileSha256 }: StoredFileDigest,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { store, pace } = this.#options
    const fault = await store.fault(file, fileBytes)
    if (fault !== undefined) return fault
    const digest = createHash('sha256')
    try {
      for await (const piece of store.read(file)) {
        digest.update(piece)
        this.#owedMs += (piece.length / pace.bytesPerSecond) * 1000
        await this.#pause(signal)
      }
    } catch (error) {
      if (signal.aborted) throw error
      const code = error instanceof Failure ? systemCode(error.cause) : undefined
      if (code === 'ENOENT' || code === 'EIO') return `it cannot be read: ${code}`
      throw error
    }
    return digest.digest('hex') === fileSha256 ? undefined : 'its bytes are not those that were stored'
  }

  /** Rests for as long as is owed. */
  async #pause(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#owedMs < LEAST_PAUSE_MS) return
    const delayMs = this.#owedMs
    this.#owedMs = 0
    await this.#options.clock.sleep(delayMs, signal)
  }
}

const atTheFront = (progress: ScrubProgress, now: number): ScrubProgress => ({
  ...progress,
  startedAt: now,
  position: 0,
  checked: 0,
  lost: 0,
})

const after = (progress: ScrubProgress, { id }: StoredFileDigest, isLost: boolean): ScrubProgress => ({
  ...progress,
  position: id,
  checked: progress.checked + 1,
  lost: progress.lost + Number(isLost),
})
