import type { Clock } from '../../platform/clock.ts'
import { Failure, systemCode } from '../../platform/failure.ts'
import type { Log, LogFields } from '../../platform/log.ts'
import { EXIT } from './exit-codes.ts'

/** The same fault is logged once in this time; one that repeats itself must not fill the log. */
const QUIET_MS = 60_000
const KEPT_FAULTS = 100

/** The part of `process` that is used. */
interface ProcessEvents {
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown
  off(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown
  exit(code: number): unknown
}

/**
 * Takes errors that no part of the program has handled, until it is disposed of.
 *
 * A rejected promise without a handler ends nothing: one request, association or timer has failed, and
 * the others go on. After an uncaught exception the state of the process is undefined (Node's documentation,
 * "Warning: Using 'uncaughtException' correctly"): it is logged, and the process ends with exit code 70, so that the
 * service manager starts it again. Nothing is lost by that: an instance that was answered with Success survives a kill.
 */
export function takeLostErrors(log: Log, clock: Clock, events: ProcessEvents = process): Disposable {
  const lately = new Map<string, number>()
  const onRejection = (error: unknown): void => {
    const fields = fieldsOf(error)
    if (isNews(lately, String(fields['stack']), clock.monotonicMs()))
      log.error('an error was not handled; the program goes on', fields)
  }
  const onException = (error: unknown): void => {
    log.error('an exception was not caught; the program ends', fieldsOf(error))
    events.exit(EXIT.broken)
  }
  events.on('unhandledRejection', onRejection)
  events.on('uncaughtException', onException)
  return {
    [Symbol.dispose]() {
      events.off('unhandledRejection', onRejection)
      events.off('uncaughtException', onException)
    },
  }
}

function isNews(lately: Map<string, number>, stack: string, nowMs: number): boolean {
  if (nowMs - (lately.get(stack) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return false
  if (lately.size >= KEPT_FAULTS) lately.clear()
  lately.set(stack, nowMs)
  return true
}

/**
 * Where it happened, and the kind of error. A foreign error's words are left out: a parser quotes what it could not
 * read, and that may be a patient's name. A Failure's words hold no patient data.
 */
function fieldsOf(error: unknown): LogFields {
  if (!Error.isError(error)) return { error: typeof error, stack: '' }
  const { name, message, stack = '' } = error
  const code = error instanceof Failure ? error.code : systemCode(error)
  const afterWords = Math.max(0, stack.indexOf(message)) + message.length
  const frames = stack.slice(afterWords).match(/^ {4}at .+$/gm) ?? []
  return {
    error: name,
    ...(code === undefined ? {} : { code }),
    ...(error instanceof Failure ? { reason: message } : {}),
    stack: frames.map((frame) => frame.trim()).join(' | '),
  }
}
