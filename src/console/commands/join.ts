import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Command } from 'commander'
import { keepFolderPrivate } from '../../platform/private-file.ts'
import { agentSettings } from '../session/config-file.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

interface JoinOptions extends JsonOption {
  readonly name: string
}

export function addJoin(program: Command, session: Session): void {
  const { say, terminal, clock, signal } = session
  program
    .command('join')
    .description(say('join.about'))
    .argument('<code>', say('join.code'))
    .option('--name <name>', say('join.name'), hostname())
    .addOption(jsonOption(session))
    .action(async (text: string, { name, json }: JoinOptions) => {
      // Loaded when they are wanted, as in `ferry run`.
      const { joinCenter } = await import('../../agent/send/join-center.ts')
      const { parseJoinCode } = await import('../../protocol/join-code.ts')
      const { shortFingerprint } = await import('../../protocol/signing-key.ts')
      const code = parseJoinCode(text)
      const { dataFolder } = agentSettings(session, configOption(program))
      mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
      keepFolderPrivate(dataFolder)
      const onPending = (fingerprint: string): void => {
        terminal.say(say('join.pending'))
        terminal.say(`    ${terminal.paint('bold', shortFingerprint(fingerprint))}`)
        terminal.say(say('join.waiting'))
      }
      const onNewKey = (fingerprint: string): void =>
        terminal.say(say('join.newKey', { fingerprint: shortFingerprint(fingerprint) }))
      await joinCenter({ dataFolder, code, name, clock, onPending, onNewKey, signal })
      if (json) printJson(session, { url: code.url, center: code.center })
      else terminal.print(say('join.done', { url: code.url }))
    })
}
