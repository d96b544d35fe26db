import type { Clock } from '../../../platform/clock.ts'
import { FAILURES, type Failure, type FailureCode } from '../../../platform/failure.ts'
import type { Log } from '../../../platform/log.ts'
import type { Alarms } from '../../queue/alarms.ts'

/** The state of one source, for people. */
export interface SourceState {
  readonly lastSuccessAt: number | undefined
  /** The present failure; undefined after a success. */
  readonly failure:
    | { readonly code: FailureCode; readonly message: string; readonly since: number }
    | undefined
}

/** Failures of a source that become its alarm; those of this machine have alarms of their own. */
const ORDER_ALARMS = [
  'ORDERS_UNREACHABLE',
  'ORDERS_REFUSED',
  'ORDERS_INVALID',
  'ORDERS_NOT_KEPT',
  'MESSAGE_INVALID',
  'REPORT_UNASSIGNED',
  'PORT_IN_USE',
  'KEY_FILE_INVALID',
] as const satisfies readonly FailureCode[]

/** A failure that time can cure becomes an alarm after this; others at once. */
const PATIENCE_MS = 15 * 60_000

interface SourceWatchOptions {
  readonly name: string
  readonly alarms: Alarms
  readonly clock: Clock
  readonly log: Log
}

/** Remembers how one source answers, and raises and clears its alarm. */
export class SourceWatch {
  readonly #options: SourceWatchOptions
  #state: SourceState = { lastSuccessAt: undefined, failure: undefined }
  #alarm: FailureCode | undefined

  constructor(options: SourceWatchOptions) {
    this.#options = options
  }

  get state(): SourceState {
    return this.#state
  }

  succeeded(): void {
    const { name, alarms, clock, log } = this.#options
    if (this.#state.failure !== undefined) log.info('a source of orders works again', { source: name })
    this.#state = { lastSuccessAt: clock.now(), failure: undefined }
    if (this.#alarm !== undefined) alarms.clear(this.#alarm, name)
    this.#alarm = undefined
  }

  /** `isPartial`: the source has answered, and only a part of it is wrong. */
  failed({ code, message }: Failure, isPartial = false): void {
    const { name, alarms, clock, log } = this.#options
    const { failure: before, lastSuccessAt } = this.#state
    const isSame = before?.code === code && before.message === message
    if (!isSame) log.warn('a source of orders fails', { source: name, code, reason: message })
    const since = before?.code === code ? before.since : clock.now()
    this.#state = {
      lastSuccessAt: isPartial ? clock.now() : lastSuccessAt,
      failure: { code, message, since },
    }
    if (FAILURES[code] === 'wait' && clock.now() - since < PATIENCE_MS) return
    const alarm = ORDER_ALARMS.find((one) => one === code)
    if (this.#alarm !== undefined && this.#alarm !== alarm) alarms.clear(this.#alarm, name)
    if (alarm === undefined) {
      this.#alarm = undefined
      return
    }
    if (this.#alarm !== alarm || !isSame) alarms.raise(alarm, name, message)
    this.#alarm = alarm
  }
}
