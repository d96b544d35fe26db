import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'

interface RecurringLookOptions {
  /** The work, for messages: 'reading stored instances'. */
  readonly attempted: string
  /** The log's sentence if it fails. */
  readonly failed: string
  /** Looks if it is due, and returns the delay in ms until the next call. */
  readonly look: (signal: AbortSignal) => Promise<number>
  /** Delay after a failure: the disk is away, or does not answer. */
  readonly afterFailureMs: number
  readonly clock: Clock
  readonly log: Log
}

/** Looks at the store again and again in the background, until it is disposed of. */
export class RecurringLook implements AsyncDisposable {
  readonly #options: RecurringLookOptions
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: RecurringLookOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Failure('NOT_RUNNING', `${this.#options.attempted}: the center is closing`))
    await this.#running
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { look, clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      const delayMs = await look(signal).catch((error: unknown) => this.#failed(error))
      if (!signal.aborted) await clock.sleep(delayMs, signal).catch(() => {})
    }
  }

  #failed(error: unknown): number {
    const { attempted, failed, afterFailureMs, log } = this.#options
    const { code, message } = failureFrom(error, 'INTERNAL', attempted)
    // The watch over the store has already reported that the store is missing.
    if (!this.#stop.signal.aborted && code !== 'STORE_MISSING') log.error(failed, { code, reason: message })
    return afterFailureMs
  }
}
