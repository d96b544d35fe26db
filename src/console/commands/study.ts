import { resolve } from 'node:path'
import type { Command } from 'commander'
import { writeDurably } from '../../platform/durable-file.ts'
import { Failure } from '../../platform/failure.ts'
import {
  CONTROL_PATHS,
  type StudyDetail,
  type StudyView,
  studiesSchema,
  studyDetailSchema,
} from '../../protocol/control-api.ts'
import { agentSettings } from '../config-file.ts'
import { ControlClient } from '../control-client.ts'
import type { Phrase } from '../language/phrases-en.ts'
import type { Session } from '../session.ts'
import { showBytes, showTime } from '../show-values.ts'
import { formatTable } from '../text-table.ts'
import { deliveryReason, studyReason } from '../waiting-reason.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from './options.ts'

interface StudyOptions extends JsonOption {
  readonly limit: number
  readonly evidence?: string
}

export function addStudy(program: Command, session: Session): void {
  const { say } = session
  program
    .command('study')
    .description(say('study.about'))
    .argument('[uid]', say('study.uid'))
    .addOption(jsonOption(session))
    .addOption(limitOption(session))
    .option('--evidence <file>', say('study.evidence'))
    .action(async (uid: string | undefined, options: StudyOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      if (uid === undefined) await listStudies(client, session, options)
      else await showStudy(client, session, uid, options)
    })
}

async function listStudies(
  client: ControlClient,
  session: Session,
  { json, limit, evidence }: StudyOptions,
): Promise<void> {
  if (evidence !== undefined) throw new Failure('USAGE', '--evidence: name the study too')
  const answer = await client.call(studiesSchema, 'GET', `${CONTROL_PATHS.studies}?limit=${limit}`)
  const { studies } = answer.value
  const { terminal, say } = session
  if (json) terminal.print(answer.json)
  else if (studies.length === 0) terminal.print(say('study.none'))
  else for (const line of studiesText(studies, session)) terminal.print(line)
}

async function showStudy(
  client: ControlClient,
  session: Session,
  uid: string,
  { json, evidence }: StudyOptions,
): Promise<void> {
  const path = `${CONTROL_PATHS.studies}/${encodeURIComponent(uid)}`
  const answer = await client.call(studyDetailSchema, 'GET', path).catch((error: unknown) => {
    const unknown = error instanceof Failure && error.code === 'USAGE'
    throw unknown ? new Failure('USAGE', session.say('study.unknown', { uid })) : error
  })
  if (evidence !== undefined) await writeEvidence(answer.value, evidence, session)
  if (json) session.terminal.print(answer.json)
  else if (evidence === undefined)
    for (const line of studyText(answer.value, session)) session.terminal.print(line)
}

/** Both are JWS: any JOSE library can check them against the keys of the agent and the center. */
async function writeEvidence(
  { study, evidence }: StudyDetail,
  file: string,
  { terminal, say }: Session,
): Promise<void> {
  if (evidence === null) throw new Failure('USAGE', say('study.noEvidence'))
  const path = resolve(terminal.folder, file)
  const content = { format: 'ferry-evidence/1', study: study.studyInstanceUid, ...evidence }
  await writeDurably(path, `${JSON.stringify(content, null, 2)}\n`)
  terminal.say(say('study.evidenceWritten', { path }))
}

function studiesText(studies: readonly StudyView[], { say, language, clock }: Session): string[] {
  const now = clock.now()
  return formatTable(
    [
      { title: say('column.state') },
      { title: say('column.confirmed'), align: 'right' },
      { title: say('column.held'), align: 'right' },
      { title: say('column.conflicts'), align: 'right' },
      { title: say('column.last') },
      { title: say('column.manifest'), align: 'right' },
      { title: say('column.pacs') },
      { title: say('column.study') },
      { title: say('column.reason') },
    ],
    studies.map((study) => [
      say(`state.${study.state}`),
      `${study.confirmed}/${study.instances}`,
      String(study.held),
      String(study.conflicts),
      showTime(study.lastArrivedAt, now),
      study.version === 0 ? '' : String(study.version),
      pacsText(study.pacs, say),
      study.studyInstanceUid,
      studyReason(study, say, language),
    ]),
  )
}

/** The study's own line, then its instances by state and reason: a CT has a thousand of them. */
function studyText({ study, deliveries }: StudyDetail, session: Session): string[] {
  const { say, language } = session
  const groups = new Map<string, { state: string; reason: string; count: number; bytes: number }>()
  for (const delivery of deliveries) {
    const [state, reason] = [say(`state.${delivery.state}`), deliveryReason(delivery, null, say, language)]
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
  return [...studiesText([study], session), '', ...formatTable(columns, rows)]
}

const PACS: Readonly<Record<string, Phrase>> = {
  none: 'pacs.none',
  waiting: 'pacs.waiting',
  accepted: 'pacs.accepted',
  refused: 'pacs.refused',
}

function pacsText(pacs: string | null, say: Session['say']): string {
  const phrase = PACS[pacs ?? '']
  return phrase === undefined ? '' : say(phrase)
}
