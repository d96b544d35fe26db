import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Argument, type Command } from 'commander'
import {
  addRecoveryKey,
  announceCertificate,
  type KeyChange,
  type KeyView,
  listKeys,
  ROTATED,
  type RotatedKind,
  raiseListVersion,
  revokeKey,
  rotateKey,
} from '../../center/keys/change-keys.ts'
import { exportKeys } from '../../center/keys/export-keys.ts'
import { failureFrom } from '../../platform/failure.ts'
import { HIGHEST_LIST_VERSION } from '../../protocol/key-list.ts'
import { configOption, type JsonOption, jsonOption, wholeNumber } from '../commands/options.ts'
import { centerAudit } from '../session/center-audit.ts'
import { centerSettings } from '../session/config-file.ts'
import { osUser } from '../session/os-user.ts'
import { recoveryKeyOutput } from '../session/recovery-key-output.ts'
import { printJson, type Session } from '../session/session.ts'
import { showTime } from '../views/show-values.ts'
import { formatTable } from '../views/text-table.ts'

interface WhenOptions extends JsonOption {
  readonly hours: number
  readonly now?: true
}

const HOUR_MS = 3_600_000
const DEFAULT_HOURS = 24

/** `ferry-center keys`: works on the keys folder; a running center takes over what has changed within seconds. */
export function addKeys(program: Command, session: Session): void {
  const { say, terminal, clock } = session
  const keys = program.command('keys').description(say('keys.about'))
  const settings = () => centerSettings(session, configOption(program))
  const change = (): KeyChange => ({ folder: settings().dataFolder, nowMs: clock.now() })
  const record = async (subject: string): Promise<void> => {
    using audit = await centerAudit(settings().dataFolder, clock)
    audit.record({ action: 'keysChanged', user: osUser(terminal), subject })
  }
  const sinceMs = ({ hours, now }: WhenOptions): number => clock.now() + (now ? 0 : hours * HOUR_MS)
  const withTimes = (command: Command): Command =>
    command
      .option('--hours <n>', say('keys.hours'), wholeNumber(1, 24 * 365), DEFAULT_HOURS)
      .option('--now', say('keys.now'))

  keys
    .command('list')
    .description(say('keys.list.about'))
    .addOption(jsonOption(session))
    .action(async ({ json }: JsonOption) => {
      const views = await listKeys(change())
      if (json) printJson(session, { keys: views })
      else for (const line of keysText(views, session)) terminal.print(line)
    })

  withTimes(keys.command('rotate'))
    .description(say('keys.rotate.about'))
    .addArgument(new Argument('<kind>', say('keys.rotate.kind')).choices([...ROTATED]))
    .addOption(jsonOption(session))
    .action(async (kind: RotatedKind, options: WhenOptions) => {
      await record(`rotate ${kind}`)
      const made = await rotateKey(change(), kind, sinceMs(options), settings().publicUrl)
      tellMade(session, made, options)
    })

  keys
    .command('revoke')
    .description(say('keys.revoke.about'))
    .argument('<id>', say('keys.revoke.id'))
    .addOption(jsonOption(session))
    .action(async (id: string, { json }: JsonOption) => {
      await record(`revoke ${id}`)
      const revoked = await revokeKey(change(), id)
      if (json) printJson(session, { key: revoked })
      else terminal.print(say('keys.revoked', named(revoked, session)))
    })

  keys
    .command('add-recovery')
    .description(say('keys.addRecovery.about'))
    .option('--output <file>', say('recoveryKey.option'))
    .addOption(jsonOption(session))
    .action(async ({ output, json }: JsonOption & { readonly output?: string }) => {
      const options = { ...(output && { recoveryKey: output }), ...(json && { json }) }
      const { path, handOut } = recoveryKeyOutput(session, options)
      await record('add-recovery')
      const made = await addRecoveryKey(change(), handOut)
      if (path !== undefined) terminal.say(say('recoveryKey.written', { path }))
      tellMade(session, made, { ...(json && { json }) })
    })

  withTimes(keys.command('tls-next'))
    .description(say('keys.tlsNext.about'))
    .argument('<file>', say('keys.tlsNext.file'))
    .addOption(jsonOption(session))
    .action(async (file: string, options: WhenOptions) => {
      const path = resolve(terminal.folder, file)
      const certificate = await readFile(path, 'utf8').catch((error: unknown) => {
        throw failureFrom(error, 'FILE_UNREADABLE', `reading ${path}`)
      })
      await record('tls-next')
      tellMade(session, await announceCertificate(change(), certificate, sinceMs(options)), options)
    })

  keys
    .command('publish')
    .description(say('keys.publish.about'))
    .requiredOption('--above <version>', say('keys.publish.above'), wholeNumber(0, HIGHEST_LIST_VERSION - 1))
    .addOption(jsonOption(session))
    .action(async ({ above, json }: JsonOption & { readonly above: number }) => {
      await record('publish')
      const version = await raiseListVersion(change(), above)
      if (json) printJson(session, { version })
      else terminal.print(say('keys.published', { version }))
    })

  keys
    .command('export')
    .description(say('keys.export.about'))
    .argument('<file>', say('keys.export.file'))
    .option('--recipient <age1>', say('keys.export.recipient'), collect, [])
    .addOption(jsonOption(session))
    .action(async (file: string, { recipient, json }: JsonOption & { readonly recipient: string[] }) => {
      const path = resolve(terminal.folder, file)
      const { dataFolder } = settings()
      await record('export')
      await exportKeys(dataFolder, path, recipient)
      if (json) return printJson(session, { path })
      const command = `(umask 077; age -d -i recovery-key.txt ${file} > ${join(dataFolder, 'keys', 'NNNN.json')})`
      terminal.print(say('keys.exported', { path, command }))
    })
}

const collect = (text: string, before: readonly string[]): string[] => [...before, text]

function tellMade(session: Session, made: KeyView, { json, now }: JsonOption & { now?: true }): void {
  const { terminal, say, clock } = session
  if (json) return printJson(session, { key: made })
  const time = showTime(Date.parse(made.since), clock.now())
  const phrase = now || made.state !== 'announced' ? 'keys.madeNow' : 'keys.made'
  terminal.print(say(phrase, { ...named(made, session), time }))
  terminal.say(say('keys.backup'))
}

function named({ kind, id }: KeyView, { say }: Session): { kind: string; id: string } {
  return { kind: say(`keyKind.${kind}`), id }
}

function keysText(views: readonly KeyView[], { say, clock }: Session): string[] {
  const titles = [
    'column.kind',
    'column.state',
    'column.inUseFrom',
    'column.revokedAt',
    'column.keyId',
  ] as const
  const time = (text: string | null): string => (text === null ? '' : showTime(Date.parse(text), clock.now()))
  return formatTable(
    titles.map((title) => ({ title: say(title) })),
    views.map(({ kind, id, state, since, until }) => [
      say(`keyKind.${kind}`),
      say(`keyState.${state}`),
      time(since),
      time(until),
      id,
    ]),
  )
}
