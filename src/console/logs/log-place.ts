import { dirname, join } from 'node:path'
import type { LogFileSettings, LogSettings } from '../../config/log-settings.ts'
import { type Log, openLog } from '../../platform/log.ts'
import { LogFile } from '../../platform/log-file.ts'
import { AGENT_FILE, pathsOfSystem } from '../session/config-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

export type LogProgram = 'ferry' | 'ferry-center'

/** The folder of the log files of a service without a journal, if the configuration has no `log.folder`. */
export function systemLogFolder(): string {
  if (process.platform !== 'win32') return '/var/log/ferry'
  return join(dirname(pathsOfSystem(AGENT_FILE).configFile), 'log')
}

/**
 * Returns the folder of the log files; undefined if the log goes to standard error. A service manager without a journal
 * sets FERRY_SERVICE; systemd sets JOURNAL_STREAM and INVOCATION_ID (systemd.exec(5), "Environment variables in spawned
 * processes").
 */
export function logFolder(file: LogFileSettings | undefined, environment: Environment): string | undefined {
  if (file?.folder !== undefined) return file.folder
  const hasJournal = environment['JOURNAL_STREAM'] !== undefined || environment['INVOCATION_ID'] !== undefined
  return environment['FERRY_SERVICE'] !== undefined && !hasJournal ? systemLogFolder() : undefined
}

/** Opens the log of a program that runs until it is stopped. */
export function openServiceLog(
  { level, file }: LogSettings,
  program: LogProgram,
  environment: Environment,
): Log {
  const folder = logFolder(file, environment)
  if (file === undefined || folder === undefined) return openLog(level)
  const { maxBytes, files } = file
  return openLog(level, new LogFile({ folder, name: logFileName(program), maxBytes, files }))
}

export const logFileName = (program: LogProgram): string => `${program}.log`
