import { resolve } from 'node:path'
import type { Command } from 'commander'
import { writeDurably } from '../../platform/durable-file.ts'
import { Failure } from '../../platform/failure.ts'
import {
  CONTROL_PATHS,
  type EvidencePart,
  evidencePartSchema,
  type StudyDetail,
  studiesSchema,
  studyDetailSchema,
} from '../../protocol/control-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import { printJson, type Session } from '../session/session.ts'
import { askNames, sayWhyNoNames } from '../session/shown-names.ts'
import { studiesText, studyText } from '../views/study-text.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from './options.ts'

interface StudyOptions extends JsonOption {
  readonly limit: number
  readonly evidence?: string
  readonly showNames?: true
  readonly reason?: string
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
    .option('--show-names', say('study.showNames'))
    .option('--reason <text>', say('audit.reason'))
    .action(async (uid: string | undefined, options: StudyOptions) => {
      const client = new ControlClient(agentSettings(session, configOption(program)).dataFolder)
      if (uid === undefined) await listStudies(client, session, options)
      else await showStudy(client, session, uid, options)
    })
}

async function listStudies(client: ControlClient, session: Session, options: StudyOptions): Promise<void> {
  const { json, limit, evidence, showNames, reason } = options
  if (evidence !== undefined) throw new Failure('USAGE', '--evidence: name the study too')
  const answer = await client.call(studiesSchema, 'GET', `${CONTROL_PATHS.studies}?limit=${limit}`)
  const names = showNames ? await askNames(client, session, { limit }, reason) : undefined
  const studies = answer.value.studies.map((study) => ({
    ...study,
    display: names?.get(study.studyInstanceUid) ?? study.display,
  }))
  const { terminal, say } = session
  if (json) printJson(session, { displayNames: answer.value.displayNames, studies })
  else if (studies.length === 0) terminal.print(say('study.none'))
  else for (const line of studiesText(studies, session)) terminal.print(line)
  sayWhyNoNames(answer.value.displayNames, session)
}

async function showStudy(
  client: ControlClient,
  session: Session,
  uid: string,
  { json, evidence, showNames, reason }: StudyOptions,
): Promise<void> {
  const path = `${CONTROL_PATHS.studies}/${encodeURIComponent(uid)}`
  const answer = await client.call(studyDetailSchema, 'GET', path).catch((error: unknown) => {
    const isUnknown = error instanceof Failure && error.code === 'STUDY_UNKNOWN'
    throw isUnknown ? new Failure('STUDY_UNKNOWN', session.say('study.unknown', { uid })) : error
  })
  const names = showNames ? await askNames(client, session, { study: uid }, reason) : undefined
  const { study } = answer.value
  const detail = { ...answer.value, study: { ...study, display: names?.get(uid) ?? study.display } }
  if (evidence !== undefined) await writeEvidence(client, detail, evidence, session)
  if (json) printJson(session, detail)
  else if (evidence === undefined) for (const line of studyText(detail, session)) session.terminal.print(line)
  sayWhyNoNames(detail.displayNames, session)
}

/** All are JWS: any JOSE library can check them against the keys of the agent and the center. */
async function writeEvidence(
  client: ControlClient,
  { study, evidence }: StudyDetail,
  file: string,
  { terminal, say }: Session,
): Promise<void> {
  if (evidence === null) throw new Failure('STUDY_OPEN', say('study.noEvidence'))
  const path = resolve(terminal.folder, file)
  const parts: EvidencePart[] = []
  for (const { version, part } of evidence.parts) {
    const from = `${CONTROL_PATHS.studies}/${encodeURIComponent(study.studyInstanceUid)}/evidence/${version}/${part}`
    parts.push((await client.call(evidencePartSchema, 'GET', from)).value)
  }
  const content = {
    format: 'ferry-evidence/3',
    study: study.studyInstanceUid,
    version: evidence.version,
    parts,
  }
  await writeDurably(path, `${JSON.stringify(content, null, 2)}\n`)
  terminal.say(say('study.evidenceWritten', { path }))
}
