import type { Command } from 'commander'
import type { OperatorDesk } from '../../center/operate/operator.ts'
import { configOption, type JsonOption, jsonOption, limitOption, wholeNumber } from '../commands/options.ts'
import { openDesk } from '../session/open-desk.ts'
import { printJson, type Session } from '../session/session.ts'
import { showBytes, showTime } from '../views/show-values.ts'
import { studyName } from '../views/study-name.ts'
import { formatTable } from '../views/text-table.ts'

interface StudiesOptions extends JsonOption {
  readonly days: number
  readonly limit: number
}

type StudyRow = Awaited<ReturnType<OperatorDesk['studies']>>[number]

export function addCenterStudies(program: Command, session: Session): void {
  const { say, terminal } = session
  program
    .command('studies')
    .description(say('centerStudies.about'))
    .option('--days <n>', say('centerStudies.days'), wholeNumber(1, 36_500), 7)
    .addOption(limitOption(session))
    .addOption(jsonOption(session))
    .action(async ({ days, limit, json }: StudiesOptions) => {
      using desk = await openDesk(session, configOption(program))
      const studies = await desk.studies(days, limit)
      if (json) printJson(session, { studies })
      else if (studies.length === 0) terminal.print(say('centerStudies.none'))
      else for (const line of studiesText(studies, session)) terminal.print(line)
    })
}

function studiesText(studies: readonly StudyRow[], { say, clock, causes }: Session): string[] {
  return formatTable(
    [
      { title: say('column.last') },
      { title: say('column.instances'), align: 'right' },
      { title: say('column.size'), align: 'right' },
      { title: say('column.held'), align: 'right' },
      { title: say('column.manifest'), align: 'right' },
      { title: say('column.pacs') },
      { title: say('column.agents') },
      { title: say('column.study') },
      { title: say('column.reason') },
    ],
    studies.map((study) => [
      showTime(study.lastStoredAt, clock.now()),
      String(study.instances),
      showBytes(study.bytes),
      String(study.held),
      study.receiptedVersion === null ? '' : String(study.receiptedVersion),
      pacsText(study, say, clock.now()),
      study.agents,
      studyName(study.studyInstanceUid, say),
      causes(study.pacsReason ?? ''),
    ]),
  )
}

/**
 * The worst state comes first. The PACS has a study only if it accepted all of it; its later state is not known here.
 */
function pacsText(study: StudyRow, say: Session['say'], now: number): string {
  const { pacsRefused, pacsHeld, pacsWaiting, pacsUnverified, pacsAccepted, pacsAcceptedAt, instances } =
    study
  if (pacsRefused > 0) return `${say('pacs.refused')} ${pacsRefused}`
  if (pacsHeld > 0) return `${say('pacs.held')} ${pacsHeld}`
  if (pacsWaiting > 0) return `${say('pacs.waiting')} ${pacsWaiting}`
  if (pacsUnverified > 0) return `${say('pacs.unverified')} ${pacsUnverified}`
  if (pacsAcceptedAt === null) return say('pacs.none')
  const accepted = say('pacs.accepted', { time: showTime(pacsAcceptedAt, now) })
  return pacsAccepted === instances
    ? accepted
    : say('pacs.some', { count: pacsAccepted, instances, accepted })
}
