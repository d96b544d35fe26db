import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Command } from 'commander'
import { loadAgentSettings } from '../../config/agent-settings.ts'
import { keepFolderPrivate } from '../../platform/private-file.ts'
import { AGENT_FILE, findConfig } from '../session/config-file.ts'
import { noteIdentity } from '../session/note-identity.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

interface JoinOptions extends JsonOption {
  readonly name: string
  readonly newIdentity?: true
}

export function addJoin(program: Command, session: Session): void {
  const { say, terminal, clock, signal, language } = session
  program
    .command('join')
    .description(say('join.about'))
    .argument('<code>', say('join.code'))
    .option('--name <name>', say('join.name'), hostname())
    .option('--new-identity', say('join.newIdentity'))
    .addOption(jsonOption(session))
    .action(async (text: string, { name, json, newIdentity }: JoinOptions) => {
      // Loaded when they are wanted, as in `ferry run`.
      const { CenterAccount } = await import('../../agent/send/center-account.ts')
      const { joinCenter } = await import('../../agent/send/join-center.ts')
      const { parseJoinCode } = await import('../../protocol/join-code.ts')
      const { shortFingerprint } = await import('../../protocol/signing-key.ts')
      const code = parseJoinCode(text)
      const file = findConfig(session, configOption(program), AGENT_FILE)
      const { dataFolder } = loadAgentSettings(file, language)
      // Before anything is made: a disk that is not mounted looks like a new folder.
      const isNewWanted = newIdentity === true
      if (!isNewWanted) CenterAccount.checkFolder(dataFolder, file)
      mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
      keepFolderPrivate(dataFolder)
      const onPending = (fingerprint: string): void => {
        terminal.say(say('join.pending'))
        terminal.say(`    ${terminal.paint('bold', shortFingerprint(fingerprint))}`)
        terminal.say(say('join.waiting'))
      }
      const onNewKey = (fingerprint: string): void =>
        terminal.say(say('join.newKey', { fingerprint: shortFingerprint(fingerprint) }))
      const joining = { dataFolder, code, name, clock, isNewWanted, onPending, onNewKey, signal }
      const joined = await joinCenter(joining)
      const { fingerprint, center, centerFingerprint } = joined
      await noteIdentity(session, file, { dataFolder, fingerprint, center })
      if (json) printJson(session, { url: code.url, center: centerFingerprint })
      else terminal.print(say('join.done', { url: code.url }))
    })
}
