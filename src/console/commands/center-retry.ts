import type { Command } from 'commander'
import { openDesk } from '../open-desk.ts'
import { printJson, type Session } from '../session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

export function addCenterRetry(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('retry')
    .description(say('centerRetry.about'))
    .argument('[uid]', say('study.uid'))
    .addOption(jsonOption(session))
    .action(async (uid: string | undefined, { json }: JsonOption) => {
      using desk = await openDesk(session, configOption(program))
      const retried = await desk.retryPacs(uid)
      if (json) printJson(session, { retried })
      else terminal.print(say('centerRetry.done', { count: retried }))
    })
}
