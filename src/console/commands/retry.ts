import type { Command } from 'commander'
import { CONTROL_PATHS, retrySchema } from '../../protocol/control-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

export function addRetry(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('retry')
    .description(say('retry.about'))
    .argument('[uid]', say('study.uid'))
    .addOption(jsonOption(session))
    .action(async (uid: string | undefined, { json }: JsonOption) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const query = uid === undefined ? '' : `?study=${encodeURIComponent(uid)}`
      const answer = await client.call(retrySchema, 'POST', `${CONTROL_PATHS.retry}${query}`)
      if (json) terminal.print(answer.json)
      else {
        const { retried: count, studies } = answer.value
        if (count === 0 && studies === 0) terminal.print(say('retry.nothing'))
        if (count > 0) terminal.print(say('retry.done', { count }))
        if (studies > 0) terminal.print(say('retry.receipts', { count: studies }))
      }
    })
}
