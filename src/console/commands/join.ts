import { hostname } from 'node:os'
import type { Command } from 'commander'
import { loadAgentSettings } from '../../config/agent-settings.ts'
import { AGENT_FILE, findConfig } from '../session/config-file.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

interface JoinOptions extends JsonOption {
  readonly name: string
  readonly newIdentity?: true
}

export function addJoin(program: Command, session: Session): void {
  const { say, terminal, language } = session
  program
    .command('join')
    .description(say('join.about'))
    .argument('<code>', say('join.code'))
    .option('--name <name>', say('join.name'), hostname())
    .option('--new-identity', say('join.newIdentity'))
    .addOption(jsonOption(session))
    .action(async (text: string, { name, json, newIdentity }: JoinOptions) => {
      // Loaded when they are wanted, as in `ferry run`.
      const { joinOnTerminal } = await import('../setup/join-on-terminal.ts')
      const { parseJoinCode } = await import('../../protocol/join-code.ts')
      const code = parseJoinCode(text)
      const file = findConfig(session, configOption(program), AGENT_FILE)
      const { dataFolder } = loadAgentSettings(file, language)
      const isNewWanted = newIdentity === true
      const joined = await joinOnTerminal(session, { dataFolder, file, code, name, isNewWanted })
      if (json) printJson(session, { url: code.url, center: joined.centerFingerprint })
      else terminal.print(say('join.done', { url: code.url }))
    })
}
