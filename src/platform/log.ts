import type { Writable } from 'node:stream'
import winston from 'winston'
import { LogStream } from './log-stream.ts'

/** A value of a log field. Text read from patient elements must not become one. */
type LogValue = string | number | boolean | null | undefined | readonly (string | number)[]

/** Fixed field names with values; see docs/operations.md for the list that dashboards may rely on. */
export type LogFields = Readonly<Record<string, LogValue>> & OwnNames

/** winston appends a field `message` to the sentence, and `level` would choose another level: a reason is `reason`. */
interface OwnNames {
  readonly message?: never
  readonly level?: never
}

/**
 * A fixed sentence and fields. error = a person must act; warn = Ferry is coping; info = a study changed state;
 * debug = associations and PDUs.
 */
export interface Log {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
}

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

const STANDARD_ERROR = 2

/**
 * Opens a log of JSON Lines on standard error, where a service manager collects them, or in `file`. Never throws, waits or
 * ends the process.
 */
export function openLog(level: LogLevel, file?: Writable): Log {
  const stream = file ?? standardError()
  return winston.createLogger({
    level,
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Stream({ stream })],
  })
}

function standardError(): LogStream {
  const stream = new LogStream(STANDARD_ERROR)
  process.once('exit', () => stream.flush())
  return stream
}

/** Logs nothing; for tools that report by their result alone. */
export const silentLog: Log = { error() {}, warn() {}, info() {}, debug() {} }
