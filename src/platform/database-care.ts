import { statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { Clock } from './clock.ts'
import { Failure } from './failure.ts'
import { isDamageCode } from './sqlite.ts'

/** `.ts` or, once built, `.js`. */
const THREAD = new URL(import.meta.url.replace('/database-care.', '/database-thread.'))
const LOOK_EVERY_MS = 1000
/** A log of this length is brought into the file; it is read back in well under a second. */
const LONG_LOG_BYTES = 8 * 1024 * 1024
/** A thread that has had no task for this time is ended: it holds some 6 MB. */
const REST_MS = 10_000
/** Its own heap is small: SQLite's memory is outside it. */
const THREAD_LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 1 }

export type DatabaseTask = 'check' | 'checkpoint'
export type DatabaseAnswer = { found: string } | { code: string; message: string }

/**
 * Runs long tasks on a large database in a thread with its own connection: reads every page, and copies the write-ahead
 * log into the file. A task starts the thread if there is none; {@link run} ends it after ten seconds without one.
 */
export class DatabaseCare implements Disposable {
  readonly #path: string
  readonly #clock: Clock
  readonly #module: URL
  #worker: Worker | undefined
  /** On the monotonic clock. */
  #askedAt = 0
  #waiting: { resolve: (answer: DatabaseAnswer) => void; reject: (error: Failure) => void }[] = []

  constructor(path: string, clock: Clock, module = THREAD) {
    this.#path = path
    this.#clock = clock
    this.#module = module
  }

  /**
   * Reads the whole database, seconds for a million instances. Resolves to DATABASE_DAMAGED if its structure is not whole,
   * to DATABASE_ERROR if it cannot be read, and to undefined if all is well. Rejects if the thread has failed.
   */
  async check(): Promise<Failure | undefined> {
    const attempted = 'looking at the whole database'
    const answer = await this.#ask('check')
    if ('code' in answer) {
      const code = isDamageCode(answer.code) ? 'DATABASE_DAMAGED' : 'DATABASE_ERROR'
      return new Failure(code, `${attempted}: ${answer.message}`)
    }
    return answer.found === 'ok'
      ? undefined
      : new Failure('DATABASE_DAMAGED', `${attempted}: ${answer.found}`)
  }

  /**
   * Keeps the log short. SQLite would do it within a commit, which then takes as long as writing and syncing some thousand
   * pages. A failed attempt is repeated a second later; a log that still grows is checkpointed by a commit. A log keeps its
   * length after a checkpoint, so one that has not changed since is left alone.
   */
  async run(signal: AbortSignal): Promise<void> {
    let done: number | undefined
    while (!signal.aborted) {
      const { size, mtimeMs } = this.#log()
      if (size > LONG_LOG_BYTES && mtimeMs !== done) {
        done = await this.#ask('checkpoint').then(
          (answer) => ('found' in answer ? mtimeMs : undefined),
          () => undefined,
        )
      } else this.#endRested()
      await this.#clock.sleep(LOOK_EVERY_MS, signal).catch(() => {})
    }
  }

  [Symbol.dispose](): void {
    void this.#worker?.terminate()
  }

  #log(): { size: number; mtimeMs: number } {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: 0 }
  }

  #endRested(): void {
    const isResting = this.#waiting.length === 0 && this.#clock.monotonicMs() - this.#askedAt >= REST_MS
    if (!isResting) return
    const worker = this.#worker
    this.#worker = undefined
    void worker?.terminate()
  }

  #ask(task: DatabaseTask): Promise<DatabaseAnswer> {
    this.#worker ??= this.#start()
    this.#askedAt = this.#clock.monotonicMs()
    const { promise, resolve, reject } = Promise.withResolvers<DatabaseAnswer>()
    this.#waiting.push({ resolve, reject })
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(task)
    return promise
  }

  #start(): Worker {
    const worker = new Worker(this.#module, {
      workerData: { path: this.#path },
      resourceLimits: THREAD_LIMITS,
    })
    worker.unref()
    worker.on('message', (answer: DatabaseAnswer) => this.#waiting.shift()?.resolve(answer))
    const gone = (): void => {
      // One that was ended has no tasks.
      if (this.#worker !== worker) return
      this.#worker = undefined
      const failure = new Failure('INTERNAL', 'looking after the database: its thread has ended')
      for (const { reject } of this.#waiting.splice(0)) reject(failure)
    }
    worker.on('error', gone)
    worker.on('exit', gone)
    return worker
  }
}
