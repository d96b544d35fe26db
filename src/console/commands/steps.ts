import type { Command } from 'commander'
import {
  type ProcedureStepsView,
  type ProcedureStepView,
  procedureStepsSchema,
} from '../../protocol/commitments-api.ts'
import { CONTROL_PATHS } from '../../protocol/control-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'
import { differences } from '../views/study-text.ts'
import { formatTable } from '../views/text-table.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from './options.ts'

interface StepsOptions extends JsonOption {
  readonly limit: number
}

export function addSteps(program: Command, session: Session): void {
  program
    .command('steps')
    .description(session.say('steps.about'))
    .addOption(jsonOption(session))
    .addOption(limitOption(session))
    .action(async ({ json, limit }: StepsOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const path = `${CONTROL_PATHS.procedureSteps}?limit=${limit}`
      const answer = await client.call(procedureStepsSchema, 'GET', path)
      if (json) session.terminal.print(answer.json)
      else for (const line of stepsText(answer.value, session)) session.terminal.print(line)
    })
}

function stepsText({ procedureSteps }: ProcedureStepsView, { say, clock }: Session): string[] {
  if (procedureSteps.length === 0) return [say('steps.none')]
  const now = clock.now()
  return formatTable(
    [
      { title: say('column.state') },
      { title: say('column.device') },
      { title: say('column.modality') },
      { title: say('column.changed') },
      { title: say('column.announced'), align: 'right' },
      { title: say('column.study') },
      { title: say('column.reason') },
    ],
    procedureSteps.map((step) => [
      say(`step.${step.state}`),
      step.callingAeTitle,
      step.modality ?? '',
      showTime(step.changedAt, now),
      `${step.arrived}/${step.announced}`,
      step.studyInstanceUids.join(' '),
      reasonText(step, say),
    ]),
  )
}

function reasonText(step: ProcedureStepView, say: Session['say']): string {
  if (step.endedAt === null) return ''
  if (step.announced === 0) return say('steps.nothing')
  return differences(step, say).join('; ')
}
