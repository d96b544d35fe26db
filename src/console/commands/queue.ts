import type { Command } from 'commander'
import { CONTROL_PATHS, type QueueView, queueSchema } from '../../protocol/control-api.ts'
import { findingsText } from '../language/finding-words.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { showBytes, showTime } from '../views/show-values.ts'
import { studyName } from '../views/study-name.ts'
import { formatTable } from '../views/text-table.ts'
import { deliveryNext, deliveryReason } from '../views/waiting-reason.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from './options.ts'

interface QueueOptions extends JsonOption {
  readonly limit: number
}

export function addQueue(program: Command, session: Session): void {
  program
    .command('queue')
    .description(session.say('queue.about'))
    .addOption(jsonOption(session))
    .addOption(limitOption(session))
    .action(async ({ json, limit }: QueueOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const answer = await client.call(queueSchema, 'GET', `${CONTROL_PATHS.queue}?limit=${limit}`)
      if (json) session.terminal.print(answer.json)
      else for (const line of queueText(answer.value, session)) session.terminal.print(line)
    })
}

function queueText({ trouble, deliveries }: QueueView, { say, language, causes, clock }: Session): string[] {
  if (deliveries.length === 0) return [say('queue.empty')]
  const now = clock.now()
  return formatTable(
    [
      { title: say('column.state') },
      { title: say('column.device') },
      { title: say('column.arrived') },
      { title: say('column.size'), align: 'right' },
      { title: say('column.attempts'), align: 'right' },
      { title: say('column.next') },
      { title: say('column.study') },
      { title: say('column.reason') },
    ],
    deliveries.map((delivery) => [
      say(`state.${delivery.state}`),
      delivery.callingAeTitle,
      showTime(delivery.arrivedAt, now),
      showBytes(delivery.sealedBytes),
      String(delivery.attempts),
      deliveryNext(delivery, trouble, now, say),
      studyName(delivery.studyInstanceUid, say),
      [deliveryReason(delivery, trouble, say, language, causes), findingsText(delivery.findings, language)]
        .filter((text) => text !== '')
        .join('; '),
    ]),
  )
}
