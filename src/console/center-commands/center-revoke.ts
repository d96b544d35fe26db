import type { Command } from 'commander'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { confirmed } from '../session/confirm.ts'
import { EXIT } from '../session/exit-codes.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'
import { printable } from '../views/text-table.ts'
import { isWhole, showAgent } from './center-approve.ts'

/** A beginning of the fingerprint is enough, since `unrevoke` undoes it; at a terminal a person is asked first. */
export function addRevoke(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('revoke')
    .description(say('revoke.about'))
    .argument('<fingerprint>', say('revoke.fingerprint'))
    .addOption(jsonOption(session))
    .action(async (fingerprint: string, { json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const agent = await desk.agent(fingerprint)
      if (!json) showAgent(session, agent)
      const isAsked = !json && terminal.ask !== undefined && !isWhole(fingerprint)
      if (isAsked && !(await confirmed(session, 'revoke.ask'))) return session.conclude(EXIT.failed)
      const { name, kid, state } = await desk.revoke(agent.kid)
      if (json) printJson(session, { fingerprint: kid, name, state })
      else terminal.print(say('revoke.done', { name: printable(name) }))
    })
}

export function addUnrevoke(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('unrevoke')
    .description(say('unrevoke.about'))
    .argument('<fingerprint>', say('approve.fingerprint'))
    .addOption(jsonOption(session))
    .action(async (fingerprint: string, { json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const { name, kid, state } = await desk.unrevoke(fingerprint)
      if (json) printJson(session, { fingerprint: kid, name, state })
      else terminal.print(say('unrevoke.done', { name: printable(name) }))
    })
}
