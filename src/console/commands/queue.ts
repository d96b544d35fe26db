import type { Command } from 'commander'
import {
  CONTROL_PATHS,
  type QueueView,
  queueSchema,
  type WaitingStudyView,
} from '../../protocol/control-api.ts'
import type { Say } from '../language/language.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import { EXIT } from '../session/exit-codes.ts'
import type { Session } from '../session/session.ts'
import { showOrWatch, type WatchOptions } from '../session/show-or-watch.ts'
import { showBytes, showTime } from '../views/show-values.ts'
import { studyName } from '../views/study-name.ts'
import { formatTable } from '../views/text-table.ts'
import { deliveryNext, deliveryReason } from '../views/waiting-reason.ts'
import { configOption, jsonOption, limitOption } from './options.ts'

interface QueueOptions extends WatchOptions {
  readonly limit: number
}

const STATES = ['held', 'queued', 'sending', 'delivered'] as const

export function addQueue(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('queue')
    .description(say('queue.about'))
    .addOption(jsonOption(session))
    .addOption(limitOption(session))
    .option('--watch', say('watch.option'))
    .action(async (options: QueueOptions) => {
      const { json, limit } = options
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const showOnce = async () => {
        const answer = await client.call(queueSchema, 'GET', `${CONTROL_PATHS.queue}?limit=${limit}`)
        if (json) terminal.print(answer.json)
        else for (const line of queueText(answer.value, session)) terminal.print(line)
        return EXIT.ok
      }
      session.conclude(await showOrWatch(session, options, showOnce))
    })
}

/** One line for each study: a backlog of a day has thousands of instances. */
function queueText(
  { trouble, unconfirmed, studies }: QueueView,
  { say, language, causes, clock }: Session,
): string[] {
  if (unconfirmed === 0) return [say('queue.empty')]
  const now = clock.now()
  const lines = formatTable(
    [
      { title: say('column.state') },
      { title: say('column.device') },
      { title: say('column.arrived') },
      { title: say('column.instances'), align: 'right' },
      { title: say('column.size'), align: 'right' },
      { title: say('column.attempts'), align: 'right' },
      { title: say('column.next') },
      { title: say('column.study') },
      { title: say('column.reason') },
    ],
    studies.map((study) => [
      stateText(study, say),
      study.callingAeTitle,
      showTime(study.arrivedAt, now),
      String(study.instances),
      showBytes(study.sealedBytes),
      String(study.attempts),
      deliveryNext(study, trouble, now, say),
      studyName(study.studyInstanceUid, say),
      deliveryReason(study, trouble, say, language, causes),
    ]),
  )
  const more = unconfirmed - studies.reduce((sum, { instances }) => sum + instances, 0)
  return more > 0 ? [...lines, say('queue.more', { count: more })] : lines
}

function stateText(study: WaitingStudyView, say: Say): string {
  const present = STATES.filter((state) => study[state] > 0)
  if (present.length < 2) return say(`state.${present[0] ?? study.state}`)
  return present.map((state) => `${study[state]} ${say(`state.${state}`)}`).join(', ')
}
