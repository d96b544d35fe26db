import type { Command } from 'commander'
import { CONTROL_PATHS } from '../../protocol/control-api.ts'
import { assignedSchema } from '../../protocol/folder-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

/** A long video is read, wrapped and sealed before the answer. */
const TAKING_MS = 30 * 60_000

interface AssignOptions extends JsonOption {
  readonly accession?: string
  readonly order?: string
  readonly patientId?: string
  readonly issuer?: string
  readonly patientName?: string
  readonly birthDate?: string
  readonly sex?: string
}

export function addAssign(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('assign')
    .description(say('assign.about'))
    .argument('<file>', say('assign.file'))
    .option('--accession <number>', say('assign.accession'))
    .option('--order <key>', say('assign.order'))
    .option('--patient-id <id>', say('assign.patientId'))
    .option('--issuer <issuer>', say('assign.issuer'))
    .option('--patient-name <name>', say('assign.patientName'))
    .option('--birth-date <date>', say('assign.birthDate'))
    .option('--sex <sex>', say('assign.sex'))
    .addOption(jsonOption(session))
    .action(async (file: string, { json, accession, ...facts }: AssignOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      const query = new URLSearchParams({ file })
      for (const [key, value] of Object.entries({ accessionNumber: accession, ...facts }))
        if (value !== undefined) query.set(key, value)
      const answer = await client.call(
        assignedSchema,
        'POST',
        `${CONTROL_PATHS.assign}?${query.toString()}`,
        TAKING_MS,
      )
      if (json) terminal.print(answer.json)
      else terminal.print(say('assign.done', { file }))
    })
}
