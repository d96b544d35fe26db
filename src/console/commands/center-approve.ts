import type { Command } from 'commander'
import { openDesk } from '../open-desk.ts'
import { printJson, type Session } from '../session.ts'
import { printable } from '../text-table.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

export function addApprove(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('approve')
    .description(say('approve.about'))
    .argument('<fingerprint>', say('approve.fingerprint'))
    .addOption(jsonOption(session))
    .action(async (fingerprint: string, { json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const { name, kid, state } = await desk.approve(fingerprint)
      if (json) printJson(session, { fingerprint: kid, name, state })
      else terminal.print(say('approve.done', { name: printable(name) }))
    })
}
