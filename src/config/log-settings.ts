import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import type { LogLevel } from '../platform/log.ts'
import * as setting from './setting/setting.ts'

export interface LogSettings {
  readonly level: LogLevel
  readonly file?: LogFileSettings
}

/** How log files are rotated. */
export interface LogFileSettings {
  /** Absolute; undefined = the way in which the program was started decides. */
  readonly folder: string | undefined
  /** Maximum length of one file. */
  readonly maxBytes: number
  /** Number of files. */
  readonly files: number
}

export const logSchema = z
  .strictObject({
    level: setting.choice('How much is logged', ['error', 'warn', 'info', 'debug']).prefault('info'),
    folder: setting.path('Folder of the log files; left out = the journal, or a default folder').optional(),
    maxSize: setting.size('A new log file is begun at this size', '64KiB', '1GiB').prefault('20MiB'),
    files: setting.count('Number of log files; the oldest is removed', 1, 1000).prefault('10'),
  })
  .transform(
    ({ level, folder, maxSize, files }): LogSettings => ({
      level,
      file: { folder, maxBytes: maxSize, files },
    }),
  )
  .describe('The log')

/** A relative folder counts from the configuration file. */
export function logBesideFile({ level, file }: LogSettings, configPath: string): LogSettings {
  if (file === undefined) return { level }
  return { level, file: { ...file, folder: file.folder && resolve(dirname(configPath), file.folder) } }
}
