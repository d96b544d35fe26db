import type { Clock } from '../../platform/clock.ts'
import type { Log, LogFields, LogLevel } from '../../platform/log.ts'

export interface RecentLine {
  readonly at: number
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Lines that are kept: some ten kilobytes. */
const KEPT = 300

/**
 * A log that also keeps its last lines for the page: those of the journal cannot be read by the service's own user. Lines
 * of debugging are not kept.
 */
export class RecentLines implements Log {
  readonly #log: Log
  readonly #clock: Clock
  readonly #lines: RecentLine[] = []

  constructor(log: Log, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  /** The oldest first. */
  get lines(): readonly RecentLine[] {
    return this.#lines
  }

  error(message: string, fields?: LogFields): void {
    this.#keep('error', message, fields)
    this.#log.error(message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#keep('warn', message, fields)
    this.#log.warn(message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#keep('info', message, fields)
    this.#log.info(message, fields)
  }

  debug(message: string, fields?: LogFields): void {
    this.#log.debug(message, fields)
  }

  #keep(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (this.#lines.length === KEPT) this.#lines.shift()
    this.#lines.push({ at: this.#clock.now(), level, message, fields: { ...fields } })
  }
}
