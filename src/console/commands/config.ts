import { basename } from 'node:path'
import type { Command } from 'commander'
import type { Checked, SettingsKind } from '../../config/check-settings.ts'
import { describeProblem } from '../../config/problem-words.ts'
import { settingsJsonSchema } from '../../config/settings-json-schema.ts'
import { findConfig } from '../config-file.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { printJson, type Session } from '../session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

/** One kind of configuration file: the agent's or the center's. */
interface ConfigKind {
  readonly file: string
  readonly kind: SettingsKind<unknown>
  check(path: string): Checked<unknown>
}

export function addConfig(program: Command, session: Session, configKind: ConfigKind): void {
  const { say, terminal } = session
  const config = program.command('config').description(say('config.about'))
  config
    .command('check')
    .description(say('config.check.about'))
    .addOption(jsonOption(session))
    .action(({ json }: JsonOption) => {
      const path = findConfig(session, configOption(program), configKind.file)
      session.conclude(tell(session, path, configKind.check(path), json === true))
    })
  config
    .command('schema')
    .description(say('config.schema.about'))
    .action(() => terminal.print(JSON.stringify(settingsJsonSchema(configKind.kind), null, 2)))
}

function tell(session: Session, path: string, checked: Checked<unknown>, asJson: boolean): ExitCode {
  const { say, terminal, language } = session
  const { problems, encoding } = checked
  if (encoding !== 'utf-8') terminal.say(say('config.check.gb18030', { path }))
  const described = problems.map((problem) => ({
    ...problem,
    message: describeProblem(basename(path), problem, language),
  }))
  if (asJson) printJson(session, { config: path, encoding, problems: described })
  else if (problems.length === 0) terminal.print(say('config.check.good', { path }))
  else {
    for (const { message } of described) terminal.print(message)
    terminal.say(say('config.check.problems', { count: problems.length }))
  }
  return problems.length === 0 ? EXIT.ok : EXIT.configInvalid
}
