import type { Command } from 'commander'
import { configOption, type JsonOption, jsonOption, wholeNumber } from '../commands/options.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'

interface InviteOptions extends JsonOption {
  readonly hours: number
}

export function addInvite(program: Command, session: Session): void {
  const { say, terminal, clock } = session
  program
    .command('invite')
    .description(say('invite.about'))
    .argument('<name>', say('invite.name'))
    .option('--hours <n>', say('invite.hours'), wholeNumber(1, 24 * 30), 24)
    .addOption(jsonOption(session))
    .action(async (name: string, { hours, json }: InviteOptions) => {
      using desk = await openDesk(session, configOption(program))
      const invitation = await desk.invite(name, hours * 3_600_000)
      if (json) return printJson(session, { name, ...invitation })
      terminal.print(invitation.joinCode)
      terminal.say(say('invite.note', { time: showTime(invitation.expiresAt, clock.now()) }))
    })
}
