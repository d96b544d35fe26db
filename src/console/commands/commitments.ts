import type { Command } from 'commander'
import { type CommitmentsView, commitmentsSchema } from '../../protocol/commitments-api.ts'
import { CONTROL_PATHS } from '../../protocol/control-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'
import { formatTable } from '../views/text-table.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from './options.ts'

interface CommitmentsOptions extends JsonOption {
  readonly limit: number
}

export function addCommitments(program: Command, session: Session): void {
  program
    .command('commitments')
    .description(session.say('commitments.about'))
    .addOption(jsonOption(session))
    .addOption(limitOption(session))
    .action(async ({ json, limit }: CommitmentsOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const path = `${CONTROL_PATHS.commitments}?limit=${limit}`
      const answer = await client.call(commitmentsSchema, 'GET', path)
      if (json) session.terminal.print(answer.json)
      else for (const line of commitmentsText(answer.value, session)) session.terminal.print(line)
    })
}

function commitmentsText({ commitments }: CommitmentsView, { say, clock, causes }: Session): string[] {
  if (commitments.length === 0) return [say('commitments.none')]
  const now = clock.now()
  return formatTable(
    [
      { title: say('column.state') },
      { title: say('column.device') },
      { title: say('column.requested') },
      { title: say('column.committed'), align: 'right' },
      { title: say('column.attempts'), align: 'right' },
      { title: say('column.transaction') },
      { title: say('column.reason') },
    ],
    commitments.map((commitment) => [
      say(`commitment.${commitment.state}`),
      commitment.callingAeTitle,
      showTime(commitment.requestedAt, now),
      `${commitment.committed}/${commitment.instances}`,
      String(commitment.attempts),
      commitment.transactionUid,
      commitment.reason === null
        ? commitment.state === 'open'
          ? say('commitment.waits')
          : ''
        : causes(commitment.reason),
    ]),
  )
}
