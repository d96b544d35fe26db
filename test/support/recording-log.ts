import type { Log, LogFields } from '../../src/platform/log.ts'

interface LogLine {
  level: keyof Log
  message: string
  fields: LogFields
}

/** Keeps what is logged, to be looked at by a test. */
export class RecordingLog implements Log {
  readonly lines: LogLine[] = []

  of(level: keyof Log): LogLine[] {
    return this.lines.filter((line) => line.level === level)
  }

  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields })
  }

  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields })
  }

  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields })
  }

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields })
  }
}
