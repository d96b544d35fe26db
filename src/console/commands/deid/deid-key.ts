import { resolve } from 'node:path'
import type { Command } from 'commander'
import { printJson, type Session } from '../../session/session.ts'
import { type JsonOption, jsonOption } from '../options.ts'

export function addDeidKey(deid: Command, session: Session): void {
  const { say, terminal } = session
  deid
    .command('key')
    .description(say('deid.key.about'))
    .argument('<file>', say('deid.key.file'))
    .addOption(jsonOption(session))
    .action(async (file: string, { json }: JsonOption) => {
      // Loaded when it is wanted, as in `ferry run`.
      const { makeProjectKey } = await import('../../../agent/deid-records/project-key-file.ts')
      const path = resolve(terminal.folder, file)
      await makeProjectKey(path)
      if (json) return printJson(session, { path })
      terminal.print(say('init.done', { path }))
      terminal.say(say('deid.key.note'))
    })
}
