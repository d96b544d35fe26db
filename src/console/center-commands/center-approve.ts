import type { Command } from 'commander'
import { fingerprintDigits, SHOWN_DIGITS } from '../../center/operate/enrolment.ts'
import type { OperatorDesk } from '../../center/operate/operator.ts'
import { Failure } from '../../platform/failure.ts'
import { shortFingerprint } from '../../protocol/signing-key.ts'
import { configOption, type JsonOption, jsonOption } from '../commands/options.ts'
import { confirmed } from '../session/confirm.ts'
import { EXIT } from '../session/exit-codes.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'
import { printable } from '../views/text-table.ts'

export function addApprove(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('approve')
    .description(say('approve.about'))
    .argument('<fingerprint>', say('approve.fingerprint'))
    .addOption(jsonOption(session))
    .action(async (fingerprint: string, { json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const agent = await desk.agent(fingerprint)
      if (!isWhole(fingerprint)) {
        if (json || terminal.ask === undefined) throw new Failure('USAGE', say('approve.whole'))
        showAgent(session, agent)
        if (!(await confirmed(session, 'approve.ask'))) return session.conclude(EXIT.failed)
      }
      const { name, kid, state } = await desk.approve(agent.kid)
      if (json) printJson(session, { fingerprint: kid, name, state })
      else terminal.print(say('approve.done', { name: printable(name) }))
    })
}

/** A person has compared every digit that is shown. */
export function isWhole(fingerprint: string): boolean {
  return fingerprintDigits(fingerprint).length >= SHOWN_DIGITS
}

/** Shows the agent that a decision is about. */
export function showAgent(
  { terminal, say }: Session,
  { name, ownName, kid }: Awaited<ReturnType<OperatorDesk['agent']>>,
): void {
  const values = {
    name: printable(name),
    ownName: printable(ownName),
    fingerprint: terminal.paint('bold', shortFingerprint(kid)),
  }
  terminal.say(say('agent.which', values))
}
