import type { LogLevel } from '../../platform/log.ts'

const RANKS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 }

export interface LogFilter {
  /** Lines of this level and of those that matter more. */
  readonly level: LogLevel
  /** Ms since 1970. */
  readonly since: number
}

/** Returns the words of a log line for people; undefined if the filter leaves it out. Other text than JSON is shown as it is. */
export function logLineText(line: string, { level, since }: LogFilter, isJson: boolean): string | undefined {
  const entry = entryOf(line)
  if (entry === undefined) return line === '' || since > 0 ? undefined : line
  const { level: found, message, timestamp, ...fields } = entry
  if (isLevel(found) && RANKS[found] > RANKS[level]) return undefined
  if (since > 0 && !(Date.parse(String(timestamp)) >= since)) return undefined
  if (isJson) return line
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`)
  return [String(timestamp), String(found).toUpperCase().padEnd(5), String(message), ...shown].join(' ')
}

function entryOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function isLevel(text: unknown): text is LogLevel {
  return typeof text === 'string' && Object.hasOwn(RANKS, text)
}

const valueText = (value: unknown): string =>
  typeof value === 'string' && !/[\s"=]/.test(value) ? value : JSON.stringify(value)
