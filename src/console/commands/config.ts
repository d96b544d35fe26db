import { basename } from 'node:path'
import type { Command } from 'commander'
import type { Checked, CheckOptions, SettingsKind } from '../../config/checks/check-settings.ts'
import { settingsJsonSchema } from '../../config/settings-json-schema.ts'
import { describeProblem } from '../../config/yaml/problem-words.ts'
import type { Phrase } from '../language/en/phrases-en.ts'
import { type ConfigName, findConfig } from '../session/config-file.ts'
import { EXIT, type ExitCode } from '../session/exit-codes.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

/** One kind of configuration file: the agent's or the center's. */
interface ConfigKind<Settings> {
  readonly file: ConfigName
  readonly kind: SettingsKind<Settings>
  check(path: string, options: CheckOptions): Checked<Settings>
  /** Sentences that a person must know before these settings are used. */
  notes?(settings: Settings): readonly Phrase[]
}

export function addConfig<Settings>(
  program: Command,
  session: Session,
  configKind: ConfigKind<Settings>,
): void {
  const { say, terminal } = session
  const config = program.command('config').description(say('config.about'))
  config
    .command('check')
    .description(say('config.check.about'))
    .addOption(jsonOption(session))
    .action(({ json }: JsonOption) => {
      const path = findConfig(session, configOption(program), configKind.file)
      const checked = configKind.check(path, { withFiles: true })
      const notes = checked.settings === undefined ? [] : (configKind.notes?.(checked.settings) ?? [])
      session.conclude(tell(session, path, { checked, notes, asJson: json === true }))
    })
  config
    .command('schema')
    .description(say('config.schema.about'))
    .action(() => terminal.print(JSON.stringify(settingsJsonSchema(configKind.kind), null, 2)))
}

interface Told {
  readonly checked: Checked<unknown>
  readonly notes: readonly Phrase[]
  readonly asJson: boolean
}

function tell(session: Session, path: string, { checked, notes, asJson }: Told): ExitCode {
  const { say, terminal, language } = session
  const { problems, encoding } = checked
  if (encoding !== 'utf-8') terminal.say(say('config.check.gb18030', { path }))
  const described = problems.map((problem) => ({
    ...problem,
    message: describeProblem(basename(path), problem, language),
  }))
  if (asJson)
    printJson(session, { config: path, encoding, problems: described, notes: notes.map((note) => say(note)) })
  else if (problems.length === 0) {
    terminal.print(say('config.check.good', { path }))
    for (const note of notes) terminal.say(say(note))
  } else {
    for (const { message } of described) terminal.print(message)
    terminal.say(say('config.check.problems', { count: problems.length }))
  }
  return problems.length === 0 ? EXIT.ok : EXIT.configInvalid
}
