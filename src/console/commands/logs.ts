import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { LogSettings } from '../../config/log-settings.ts'
import { Failure } from '../../platform/failure.ts'
import { runTool } from '../../platform/host/run-tool.ts'
import { readSystemdUnit } from '../../platform/host/systemd-unit.ts'
import type { LogLevel } from '../../platform/log.ts'
import { journalCommand, journalLines } from '../logs/follow-journal.ts'
import { type LogFilter, logLineText } from '../logs/log-line.ts'
import { LogLines } from '../logs/log-lines.ts'
import { type LogProgram, logFileName, systemLogFolder } from '../logs/log-place.ts'
import type { Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption, sinceMs, wholeNumber } from './options.ts'

const LOOK_EVERY_MS = 500

interface LogsOptions extends JsonOption {
  readonly follow?: true
  readonly since?: string
  readonly level: LogLevel
  readonly lines?: number
}

interface LogOwner {
  readonly program: LogProgram
  /** Reads the settings of the log. */
  readonly settings: (config: string | undefined) => LogSettings
}

/** `logs`: shows the log of the service, wherever it goes. */
export function addLogs(program: Command, session: Session, owner: LogOwner): void {
  const { say } = session
  program
    .command('logs')
    .description(say('logs.about'))
    .option('-f, --follow', say('logs.follow'))
    .option('--since <time>', say('logs.since'))
    .addOption(
      new Option('--level <level>', say('logs.level'))
        .choices(['error', 'warn', 'info', 'debug'])
        .default('debug'),
    )
    .option('-n, --lines <n>', say('logs.lines'), wholeNumber(1, 1_000_000))
    .addOption(jsonOption(session))
    .action((options: LogsOptions) => showLogs(session, owner, configOption(program), options))
}

async function showLogs(
  session: Session,
  owner: LogOwner,
  config: string | undefined,
  options: LogsOptions,
): Promise<void> {
  const since = options.since === undefined ? 0 : sinceMs(options.since, session)
  const filter = { level: options.level, since }
  const output = new LogOutput(session, filter, options)
  const path = join(folderOf(owner, config), logFileName(owner.program))
  if (existsSync(path)) return followFile(session, path, output, options.follow === true)
  const unit = `${owner.program}.service`
  const found = await readSystemdUnit(unit, runTool)
  if (found?.load !== 'loaded') throw new Failure('LOG_MISSING', session.say('logs.none', { path }))
  const question = { unit, since, isFollowed: options.follow === true }
  session.terminal.say(session.say('logs.journal', { command: journalCommand(question) }))
  for await (const line of journalLines(question, session.signal)) output.push(line)
  output.finish()
}

/** The folder of the configuration. A log is wanted most when the configuration is wrong: the default folder then. */
function folderOf({ settings }: LogOwner, config: string | undefined): string {
  try {
    const { file } = settings(config)
    if (file?.folder !== undefined) return file.folder
  } catch {
    // `config check` reports it.
  }
  return systemLogFolder()
}

async function followFile(
  { clock, signal }: Session,
  path: string,
  output: LogOutput,
  isFollowed: boolean,
): Promise<void> {
  using lines = new LogLines(path)
  for (const line of lines.read()) output.push(line)
  output.finish()
  if (!isFollowed) return
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {})
    for (const line of lines.read()) output.push(line)
  }
}

/** Prints lines; with `--lines`, only the last ones of those that are there at the beginning. */
class LogOutput {
  readonly #session: Session
  readonly #filter: LogFilter
  readonly #isJson: boolean
  readonly #last: number | undefined
  #kept: string[] | undefined = []

  constructor(session: Session, filter: LogFilter, { lines, json, follow, since }: LogsOptions) {
    this.#session = session
    this.#filter = filter
    this.#isJson = json === true
    this.#last = lines ?? (follow && since === undefined ? 20 : undefined)
    if (this.#last === undefined) this.#kept = undefined
  }

  push(line: string): void {
    const text = logLineText(line, this.#filter, this.#isJson)
    if (text === undefined) return
    if (this.#kept === undefined) return this.#session.terminal.print(text)
    this.#kept.push(text)
    if (this.#kept.length > 2 * (this.#last ?? 0)) this.#kept = this.#kept.slice(-(this.#last ?? 0))
  }

  /** The lines that were there at the beginning are read. */
  finish(): void {
    for (const line of this.#kept?.slice(-(this.#last ?? 0)) ?? []) this.#session.terminal.print(line)
    this.#kept = undefined
  }
}
