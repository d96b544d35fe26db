import type { ProcedureStepView } from '../../protocol/commitments-api.ts'
import type { StudyDetail, StudyView } from '../../protocol/control-api.ts'
import type { DisplayView } from '../../protocol/display-api.ts'
import type { Phrase } from '../language/en/phrases-en.ts'
import { wordsOfFinding } from '../language/finding-words.ts'
import type { Say } from '../language/language.ts'
import type { Session } from '../session/session.ts'
import { displayText, idText, isGuessed, modalityText, nameText } from '../session/shown-names.ts'
import { showBytes, showTime } from './show-values.ts'
import { studyName } from './study-name.ts'
import { formatTable } from './text-table.ts'
import { deliveryReason, studyReason } from './waiting-reason.ts'

/** A line for each study; columns that would be empty are left out. */
export function studiesText(studies: readonly StudyView[], session: Session): string[] {
  const { say } = session
  const lines = studyTable(studies, session)
  return studies.some(({ display }) => isGuessed(display)) ? [...lines, '', say('names.guess')] : lines
}

/**
 * The patient as far as shown, the study's own line, its instances by state and reason, what was odd in them, and what its
 * devices announced.
 */
export function studyText(detail: StudyDetail, session: Session): string[] {
  const { study, deliveries, findings, procedureSteps } = detail
  const { say, language } = session
  const oddities = findings.map(({ finding, instances }) =>
    say('study.finding', {
      instances,
      all: study.instances,
      finding: wordsOfFinding(finding, language).short,
    }),
  )
  return [
    ...patientText(study.display, session),
    ...studyTable([{ ...study, display: null }], session),
    '',
    ...deliveriesText(deliveries, session),
    ...(oddities.length === 0 ? [] : ['', ...oddities]),
    ...procedureSteps.flatMap((step) => ['', ...announcedText(step, say)]),
  ]
}

function announcedText(step: ProcedureStepView, say: Session['say']): string[] {
  const { callingAeTitle: device, announced, arrived } = step
  const line = say('study.announced', { device, announced, arrived, state: say(`step.${step.state}`) })
  return [line, ...differences(step, say).map((text) => `  ${text}`)]
}

function patientText(display: DisplayView, { say }: Session): string[] {
  const rows = displayText(display, say)
  if (rows.length === 0) return []
  const [first = [], ...others] = rows
  const lines = formatTable(
    first.map((title) => ({ title })),
    others,
  )
  return [...lines, ...(isGuessed(display) ? [say('names.guess')] : []), '']
}

function studyTable(studies: readonly StudyView[], { say, language, causes, clock }: Session): string[] {
  const now = clock.now()
  const columns = [
    column(say('column.patient'), studies, ({ display }) => nameText(display, say)),
    column(say('column.patientId'), studies, ({ display }) => idText(display)),
    column(say('column.modality'), studies, ({ display }) => modalityText(display)),
    { title: say('column.state'), cells: studies.map(({ state }) => say(`state.${state}`)) },
    {
      title: say('column.confirmed'),
      align: 'right' as const,
      cells: studies.map(({ confirmed, instances }) => `${confirmed}/${instances}`),
    },
    number(say('column.held'), studies, ({ held }) => held),
    number(say('column.conflicts'), studies, ({ conflicts }) => conflicts),
    number(say('column.odd'), studies, ({ odd }) => odd),
    {
      title: say('column.last'),
      cells: studies.map(({ lastArrivedAt }) => showTime(lastArrivedAt, now)),
    },
    {
      title: say('column.manifest'),
      align: 'right' as const,
      cells: studies.map(({ version }) => (version === 0 ? '' : String(version))),
    },
    { title: say('column.pacs'), cells: studies.map(({ pacs, pacsAt }) => pacsText(pacs, pacsAt, now, say)) },
    {
      title: say('column.study'),
      cells: studies.map(({ studyInstanceUid }) => studyName(studyInstanceUid, say)),
    },
    { title: say('column.reason'), cells: studies.map((study) => studyReason(study, say, language, causes)) },
  ].filter((one) => one !== undefined)
  return formatTable(
    columns,
    studies.map((_, row) => columns.map(({ cells }) => cells[row] ?? '')),
  )
}

/** Returns undefined if all cells are empty. */
function column(title: string, studies: readonly StudyView[], cell: (study: StudyView) => string) {
  const cells = studies.map(cell)
  return cells.some((text) => text !== '') ? { title, cells } : undefined
}

function number(title: string, studies: readonly StudyView[], cell: (study: StudyView) => number) {
  return { title, align: 'right' as const, cells: studies.map((study) => String(cell(study))) }
}

/** By state and reason: a CT has a thousand of them. */
function deliveriesText(deliveries: StudyDetail['deliveries'], { say, language, causes }: Session): string[] {
  const groups = new Map<string, { state: string; reason: string; count: number; bytes: number }>()
  for (const delivery of deliveries) {
    const [state, reason] = [
      say(`state.${delivery.state}`),
      deliveryReason(delivery, null, say, language, causes),
    ]
    const group = groups.get(`${state}\n${reason}`) ?? { state, reason, count: 0, bytes: 0 }
    group.count++
    group.bytes += delivery.sealedBytes
    groups.set(`${state}\n${reason}`, group)
  }
  const columns = [
    { title: say('column.state') },
    { title: say('column.count'), align: 'right' },
    { title: say('column.size'), align: 'right' },
    { title: say('column.reason') },
  ] as const
  const rows = Array.from(groups.values(), (group) => [
    group.state,
    String(group.count),
    showBytes(group.bytes),
    group.reason,
  ])
  return formatTable(columns, rows)
}

const PACS: Readonly<Record<string, Phrase>> = {
  none: 'pacs.none',
  waiting: 'pacs.waiting',
  held: 'pacs.held',
  accepted: 'pacs.accepted',
  partial: 'pacs.partial',
  unverified: 'pacs.unverified',
  refused: 'pacs.refused',
}

/** Says when the receipt came that the PACS had accepted it: what the PACS does with it later the center is not told. */
export function pacsText(
  pacs: string | null,
  pacsAt: number | null,
  now: number,
  say: Session['say'],
): string {
  const phrase = PACS[pacs ?? '']
  return phrase === undefined ? '' : say(phrase, { time: pacsAt === null ? '' : showTime(pacsAt, now) })
}

/** Says in words, series by series, how the instances that came differ from those that the device announced. */
export function differences({ series }: ProcedureStepView, say: Say): string[] {
  return series.flatMap(({ seriesInstanceUid, announced, arrived, unannounced }) => [
    ...(arrived < announced
      ? [say('steps.missing', { missing: announced - arrived, announced, series: seriesInstanceUid })]
      : []),
    ...(unannounced > 0 ? [say('steps.unannounced', { count: unannounced, series: seriesInstanceUid })] : []),
  ])
}
