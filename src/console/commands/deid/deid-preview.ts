import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { AgentSettings } from '../../../config/agent-settings.ts'
import { nearestWord } from '../../../config/yaml/nearest-word.ts'
import { Failure } from '../../../platform/failure.ts'
import { agentSettings } from '../../session/config-file.ts'
import { EXIT } from '../../session/exit-codes.ts'
import { printJson, type Session } from '../../session/session.ts'
import type { Preview } from '../../tools/preview-deid.ts'
import { formatTable, printable } from '../../views/text-table.ts'
import { configOption, type JsonOption, jsonOption } from '../options.ts'

interface PreviewCommandOptions extends JsonOption {
  readonly profile: string
  readonly device?: string
  readonly showValues?: true
  readonly output?: string
}

export function addDeidPreview(deid: Command, session: Session, program: Command): void {
  const { say } = session
  deid
    .command('preview')
    .description(say('deid.preview.about'))
    .argument('<file>', say('deid.preview.file'))
    .requiredOption('--profile <name>', say('deid.preview.profile'))
    .option('--device <name>', say('deid.preview.device'))
    .option('--show-values', say('deid.preview.showValues'))
    .option('--output <file>', say('deid.preview.output'))
    .addOption(jsonOption(session))
    .action(async (file: string, options: PreviewCommandOptions) => {
      const settings = agentSettings(session, configOption(program))
      await preview(session, file, settings, options)
    })
}

async function preview(
  session: Session,
  file: string,
  settings: AgentSettings,
  { profile: name, device, showValues, output, json }: PreviewCommandOptions,
): Promise<void> {
  const { terminal } = session
  // Loaded when they are wanted, as in `ferry run`.
  const { previewDeid } = await import('../../tools/preview-deid.ts')
  const { openPixelCodecs } = await import('../../../agent/deidentify/pixels/pixel-codec.ts')
  const { readProjectKey } = await import('../../../agent/deid-records/project-key-file.ts')
  const { StudyPersonLog } = await import('../../../agent/deid-records/study-person-log.ts')
  const { keyOf } = await import('../../../agent/deidentify/rules/profile-key.ts')
  const { projectKeyFile = '', profiles } = settings.deidentification
  const profile = profiles.find((one) => one.name === name)
  if (profile === undefined)
    throw noProfile(
      name,
      profiles.map((one) => one.name),
      session,
    )
  const result = await previewDeid({
    path: resolve(terminal.folder, file),
    profile,
    key: keyOf(profile, await readProjectKey(projectKeyFile)),
    studies: await StudyPersonLog.open(settings.dataFolder),
    source: sourceOf(settings, device),
    codecs: await openPixelCodecs(),
    showValues: showValues === true,
    output: output && resolve(terminal.folder, output),
  })
  if (json) printJson(session, asJson(name, result))
  else show(session, result, showValues === true)
  if (result.withheld !== undefined) session.conclude(EXIT.failed)
}

function noProfile(name: string, names: readonly string[], { say }: Session): Failure {
  const nearest = nearestWord(name, names)
  const known = names.join(say('help.comma'))
  if (nearest !== undefined)
    return new Failure('PROFILE_UNKNOWN', say('deid.preview.nearProfile', { name, nearest }))
  return new Failure(
    'PROFILE_UNKNOWN',
    known === '' ? say('deid.preview.noProfiles') : say('deid.preview.noProfile', { name, known }),
  )
}

/** Returns a device of the list, by its name or its AE title; for any other device only the AE title is known. */
function sourceOf(
  { devices }: AgentSettings,
  device = '',
): { device: string | undefined; callingAeTitle: string } {
  const found = devices.find(({ name, aeTitle }) => name === device || aeTitle === device)
  return { device: found?.name, callingAeTitle: found?.aeTitle ?? device }
}

function asJson(profile: string, { withheld, ...rest }: Preview): object {
  const reason = withheld && { code: withheld.code, message: withheld.message }
  return { profile, verdict: withheld === undefined ? 'passes' : 'withheld', reason, ...rest }
}

function show({ say, terminal }: Session, { steps, withheld, audit }: Preview, showValues: boolean): void {
  const values = showValues ? [{ title: say('column.before') }, { title: say('column.after') }] : []
  const rows = steps.map(({ path, vr, action, rule, before = '', after = '' }) => [
    path,
    vr,
    say(`deidAction.${action}`),
    rule,
    ...(showValues ? [printable(before), printable(after)] : []),
  ])
  const columns = [
    { title: say('column.element') },
    { title: 'VR' },
    { title: say('column.action') },
    { title: say('column.rule') },
    ...values,
  ]
  for (const line of formatTable(columns, rows)) terminal.print(line)
  terminal.print('')
  if (withheld !== undefined)
    return terminal.print(say('deid.preview.withheld', { reason: withheld.message }))
  const { edition, scrubbed } = audit
  terminal.print(say('deid.preview.passes', { edition, scrubbed }))
}
