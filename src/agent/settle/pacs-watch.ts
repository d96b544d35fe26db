import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { Wake } from '../../platform/wake.ts'
import { CENTER_PATHS } from '../../protocol/center-api.ts'
import type { FailedRequests } from '../queue/failed-requests.ts'
import type { OpenAtPacs, PacsStates } from '../queue/receipts/pacs-states.ts'

const EVERY_MS = 5 * 60_000
/** The delay after an answer with changes: an action of the center's operator usually concerns many studies. */
const SOON_MS = 1000
/** Maximum number of manifests in one question, about 35 KB. */
const ASKED_AT_ONCE = 500

/** The question to the center about studies at its PACS. */
export interface PacsQuestions {
  /** Returns those of these digests of manifests whose receipt no longer states the present state at the PACS. */
  askChanged(digests: readonly string[], signal: AbortSignal): Promise<readonly string[]>
}

/** Work that becomes due for another stage. */
export interface PacsHints {
  /** Receipts are to be asked for again. */
  outdated(): void
}

interface PacsWatchOptions {
  destination: string
  states: PacsStates
  questions: PacsQuestions
  failedRequests: FailedRequests
  hints: PacsHints
  clock: Clock
  log: Log
}

/**
 * Learns the state of studies at the PACS long after their receipt: a PACS was configured later, or the center's
 * operator had refused instances handed on again. Every few minutes it asks about one page of the studies that the PACS
 * has not accepted, the newest first, and continues with older ones the next time. It asks nothing if there are none.
 */
export class PacsWatch {
  readonly #options: PacsWatchOptions
  readonly #wake: Wake
  #last: OpenAtPacs | undefined

  constructor(options: PacsWatchOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  /** Asks now, beginning with the newest study. */
  wake(): void {
    this.#last = undefined
    this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isMore = await this.#ask(signal)
      await this.#wake.wait(isMore ? SOON_MS : EVERY_MS, signal)
    }
  }

  /** Returns true if there were changes, and older studies may have changed as well. */
  async #ask(signal: AbortSignal): Promise<boolean> {
    const { destination, states, failedRequests, questions, hints, clock, log } = this.#options
    const page = states.open(destination, ASKED_AT_ONCE, this.#last)
    this.#last = page.length < ASKED_AT_ONCE ? undefined : page.at(-1)
    if (page.length === 0) {
      failedRequests.succeeded('pacsChanges', CENTER_PATHS.pacsChanges)
      return false
    }
    try {
      const changed = await questions.askChanged(
        page.map(({ digest }) => digest),
        signal,
      )
      failedRequests.succeeded('pacsChanges', CENTER_PATHS.pacsChanges)
      states.changed(destination, changed)
      if (changed.length > 0) hints.outdated()
      return changed.length > 0 && this.#last !== undefined
    } catch (error) {
      if (signal.aborted) return false
      const failure = failureFrom(error, 'INTERNAL', 'asking the center about the PACS')
      failedRequests.failed('pacsChanges', CENTER_PATHS.pacsChanges, failure, clock.now() + EVERY_MS)
      log.debug('center not asked about the PACS', { reason: failure.message })
      return false
    }
  }
}
