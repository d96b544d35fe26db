import { relative, resolve } from 'node:path'
import type { Command } from 'commander'
import type { ImportAccount } from '../../agent/arrival/import/import-account.ts'
import { aeTitleFault } from '../../config/setting/ae-title-fault.ts'
import { Failure } from '../../platform/failure.ts'
import { IMPORT_CALLING_AE_TITLE } from '../../protocol/control-api.ts'
import { agentSettings } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import { EXIT, type ExitCode } from '../session/exit-codes.ts'
import { osUser } from '../session/os-user.ts'
import { printJson, type Session } from '../session/session.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

interface ImportOptions extends JsonOption {
  readonly calling: string
}

export function addImport(program: Command, session: Session): void {
  const { say } = session
  program
    .command('import')
    .description(say('import.about'))
    .argument('<paths...>', say('import.paths'))
    .option('--calling <aet>', say('import.calling'), IMPORT_CALLING_AE_TITLE)
    .addOption(jsonOption(session))
    .action(async (paths: string[], { calling: callingAeTitle, json }: ImportOptions) => {
      const importing = { paths, callingAeTitle, asJson: json === true }
      session.conclude(await importPaths(session, configOption(program), importing))
    })
}

interface Importing {
  readonly paths: readonly string[]
  readonly callingAeTitle: string
  readonly asJson: boolean
}

async function importPaths(
  session: Session,
  config: string | undefined,
  { paths, callingAeTitle, asJson }: Importing,
): Promise<ExitCode> {
  const { terminal, clock, signal, say } = session
  const fault = aeTitleFault(callingAeTitle)
  if (fault !== undefined)
    throw new Failure('USAGE', `--calling ${callingAeTitle}: ${say(`aeTitle.${fault}`)}`)
  const settings = agentSettings(session, config)
  // These modules are loaded only if they are wanted, as in `ferry run`.
  const { FileImport } = await import('../../agent/arrival/import/file-import.ts')
  const { ImportAccount: Account } = await import('../../agent/arrival/import/import-account.ts')
  const { listFiles } = await import('../../agent/arrival/import/list-files.ts')
  const { ControlDesk } = await import('../import/control-desk.ts')
  const { ImportProgress } = await import('../import/import-progress.ts')
  const desk = new ControlDesk({
    client: new ControlClient(settings.dataFolder),
    callingAeTitle,
    clock,
    isAway: () => terminal.say(say('import.away')),
    signal,
  })
  // Without the paths: they may name patients.
  const { agentAudit } = await import('../session/agent-audit.ts')
  using audit = await agentAudit(settings.dataFolder, clock)
  audit.record({ action: 'imported', user: osUser(terminal), subject: callingAeTitle })
  const startedAt = clock.monotonicMs()
  const files = listFiles(paths.map((path) => resolve(terminal.folder, path)))
  const run = new FileImport(desk, settings.import)
  const account = new Account(Number.POSITIVE_INFINITY)
  const progress = new ImportProgress(session)
  try {
    for await (const outcome of run.run(files, signal)) {
      account.add(outcome)
      if (!asJson) progress.tell(run, account)
    }
  } catch (error) {
    if (account.files > 0) await report(session, { account, startedAt, asJson, isWhole: false })
    throw error
  } finally {
    progress.end()
  }
  if (account.files === 0)
    throw new Failure('FILES_MISSING', say('import.nothing', { paths: paths.join(', ') }))
  await report(session, { account, startedAt, asJson, isWhole: true })
  if (account.failures === 0) return EXIT.ok
  return account.safe === 0 ? EXIT.failed : EXIT.partlyDone
}

interface Report {
  readonly account: ImportAccount
  /** On the monotonic clock. */
  readonly startedAt: number
  readonly asJson: boolean
  readonly isWhole: boolean
}

/** Longer lists are cut in text; JSON has all of them. */
const LISTED = 20

async function report(session: Session, { account, startedAt, asJson, isWhole }: Report): Promise<void> {
  const { terminal, language, say, clock } = session
  if (asJson) {
    const { accountJson } = await import('../import/account-json.ts')
    return printJson(session, { isWhole, ...accountJson(account, language) })
  }
  const { accountText } = await import('../import/account-text.ts')
  const show = (path: string): string => relative(terminal.folder, path) || path
  const { counts, lists } = accountText(account, language, { limit: LISTED, show })
  for (const { title, lines, more } of lists) {
    terminal.say(title)
    for (const line of more === '' ? lines : [...lines, more]) terminal.say(`  ${line}`)
  }
  if (!isWhole) terminal.say(say('import.stopped'))
  const seconds = ((clock.monotonicMs() - startedAt) / 1000).toFixed(1)
  terminal.print(say('import.files', { count: account.files, seconds }))
  const width = Math.max(...counts.map(({ count }) => String(count).length))
  for (const { count, text } of counts) terminal.print(`  ${String(count).padStart(width)} ${text}`)
}
