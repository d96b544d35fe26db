import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Failure } from '../../platform/failure.ts'
import {
  CONTROL_PATHS,
  type QuarantinedView,
  type QuarantineView,
  quarantinedOneSchema,
  quarantineSchema,
  releaseSchema,
} from '../../protocol/control-api.ts'
import { findingsText, wordsOfFinding } from '../language/finding-words.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import { osUser } from '../session/os-user.ts'
import { printJson, type Session } from '../session/session.ts'
import { exportInstance } from '../tools/export-instance.ts'
import { showBytes, showTime } from '../views/show-values.ts'
import { studyName } from '../views/study-name.ts'
import { formatTable } from '../views/text-table.ts'
import { configOption, type JsonOption, jsonOption, limitOption } from './options.ts'

interface ListOptions extends JsonOption {
  readonly limit: number
}

interface ReleaseOptions extends JsonOption {
  readonly study?: string
}

interface ExportOptions extends JsonOption {
  readonly to: string
}

/** An instance cannot be deleted here: the device has been told that it is safe. */
export function addQuarantine(program: Command, session: Session): void {
  const { say } = session
  const client = (): ControlClient =>
    new ControlClient(agentSettings(session, configOption(program)).dataFolder)
  const quarantine = program
    .command('quarantine')
    .description(say('quarantine.about'))
    .addOption(jsonOption(session))
    .addOption(limitOption(session))
    .action((options: ListOptions) => list(client(), session, options))
  quarantine
    .command('explain')
    .description(say('quarantine.explain.about'))
    .argument('<ulid>', say('quarantine.ulid'))
    .action((ulid: string) => explain(client(), session, ulid, isJson(quarantine)))
  quarantine
    .command('release')
    .description(say('quarantine.release.about'))
    .argument('[ulid]', say('quarantine.ulid'))
    .option('--study <uid>', say('quarantine.release.study'))
    .action((ulid: string | undefined, { study }: ReleaseOptions) =>
      release(client(), session, { ulid, study, isJson: isJson(quarantine) }),
    )
  quarantine
    .command('export')
    .description(say('quarantine.export.about'))
    .argument('<ulid>', say('quarantine.ulid'))
    .requiredOption('--to <folder>', say('quarantine.export.to'))
    .action((ulid: string, { to }: ExportOptions) =>
      exportOne(agentSettings(session, configOption(program)).dataFolder, session, ulid, {
        to,
        asJson: isJson(quarantine),
      }),
    )
}

/** `--json` belongs to the command above, which sees it first in any place. */
const isJson = (quarantine: Command): boolean => quarantine.opts<JsonOption>().json === true

async function list(client: ControlClient, session: Session, { json, limit }: ListOptions): Promise<void> {
  const answer = await client.call(quarantineSchema, 'GET', `${CONTROL_PATHS.quarantine}?limit=${limit}`)
  const { terminal, say } = session
  if (json) terminal.print(answer.json)
  else if (answer.value.instances.length === 0) terminal.print(say('quarantine.none'))
  else for (const line of listText(answer.value, session)) terminal.print(line)
}

function listText({ instances }: QuarantineView, { say, language, clock }: Session): string[] {
  const now = clock.now()
  return formatTable(
    [
      { title: say('column.instance') },
      { title: say('column.device') },
      { title: say('column.since') },
      { title: say('column.size'), align: 'right' },
      { title: say('column.study') },
      { title: say('column.found') },
    ],
    instances.map((instance) => [
      instance.ulid,
      instance.callingAeTitle,
      showTime(instance.since, now),
      showBytes(instance.sealedBytes),
      studyName(instance.studyInstanceUid, say),
      findingsText(instance.findings, language),
    ]),
  )
}

async function explain(
  client: ControlClient,
  session: Session,
  ulid: string,
  asJson: boolean,
): Promise<void> {
  const instance = await ask(client, session, ulid)
  const { terminal, say, language } = session
  const words = instance.findings.map((finding) => ({ finding, ...wordsOfFinding(finding, language) }))
  if (asJson) return printJson(session, { ...instance, explanations: words })
  for (const line of listText({ instances: [instance] }, session)) terminal.print(line)
  for (const { short, meaning } of words) terminal.print(`\n${short}\n  ${meaning}`)
  terminal.say(say('quarantine.explain.next', { ulid }))
}

async function release(
  client: ControlClient,
  session: Session,
  { ulid, study, isJson: asJson }: { ulid: string | undefined; study: string | undefined; isJson: boolean },
): Promise<void> {
  const { terminal, say } = session
  if ((ulid === undefined) === (study === undefined))
    throw new Failure('USAGE', say('quarantine.release.which'))
  const query = new URLSearchParams(ulid === undefined ? { study: study ?? '' } : { ulid })
  const answer = await client.call(releaseSchema, 'POST', `${CONTROL_PATHS.release}?${query.toString()}`)
  if (answer.value.released === 0)
    throw new Failure('NOT_HELD', say('quarantine.unknown', { ulid: ulid ?? study ?? '' }))
  if (asJson) terminal.print(answer.json)
  else terminal.print(say('quarantine.release.done', { count: answer.value.released }))
}

async function exportOne(
  dataFolder: string,
  session: Session,
  ulid: string,
  { to, asJson }: { to: string; asJson: boolean },
): Promise<void> {
  const client = new ControlClient(dataFolder)
  const { spoolFile, findings, since, studyInstanceUid } = await ask(client, session, ulid)
  const { terminal, say, clock } = session
  const { agentAudit } = await import('../session/agent-audit.ts')
  using audit = await agentAudit(dataFolder, clock)
  const studies = [{ studyInstanceUid, instances: 1 }]
  audit.record({ action: 'exported', user: osUser(terminal), studies, subject: ulid })
  const { agePath, aboutPath } = await exportInstance(
    { path: spoolFile, offset: 0 },
    resolve(terminal.folder, to),
    {
      findings,
      heldSince: new Date(since).toISOString(),
    },
  )
  if (asJson) return printJson(session, { agePath, aboutPath })
  terminal.print(say('quarantine.export.done', { path: agePath, about: aboutPath }))
  terminal.say(say('quarantine.export.howTo', { name: `${ulid}.age` }))
}

async function ask(client: ControlClient, { say }: Session, ulid: string): Promise<QuarantinedView> {
  const path = `${CONTROL_PATHS.quarantine}/${encodeURIComponent(ulid)}`
  const answer = await client.call(quarantinedOneSchema, 'GET', path).catch((error: unknown) => {
    const isUnknown = error instanceof Failure && error.code === 'NOT_HELD'
    throw isUnknown ? new Failure('NOT_HELD', say('quarantine.unknown', { ulid })) : error
  })
  return answer.value
}
