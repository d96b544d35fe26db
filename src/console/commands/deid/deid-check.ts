import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Leftover, SearchedFile } from '../../../leftovers/search-folder.ts'
import { EXIT, type ExitCode } from '../../session/exit-codes.ts'
import { printJson, type Session } from '../../session/session.ts'
import { formatTable, printable } from '../../views/text-table.ts'
import { type JsonOption, jsonOption } from '../options.ts'

interface CheckOptions extends JsonOption {
  readonly identities?: string
  readonly show?: true
}

/** The row of a table, or the entry of the JSON document. */
interface Finding extends Leftover {
  readonly path: string
  /** With --show. */
  readonly text?: string
}

/** An independent search: it shares no code with the de-identification. */
export function addDeidCheck(deid: Command, session: Session): void {
  const { say } = session
  deid
    .command('check')
    .description(say('deidCheck.about'))
    .argument('<folder>', say('deidCheck.folder'))
    .option('--identities <file>', say('deidCheck.identities'))
    .option('--show', say('deidCheck.show'))
    .addOption(jsonOption(session))
    .action(async (folder: string, options: CheckOptions) => {
      session.conclude(await check(session, folder, options))
    })
}

async function check(
  session: Session,
  folder: string,
  { identities: file, show, json }: CheckOptions,
): Promise<ExitCode> {
  // Loaded when they are wanted, as in `ferry run`.
  const { LeftoverSearch } = await import('../../../leftovers/leftover-search.ts')
  const { readIdentities } = await import('../../../leftovers/read-identities.ts')
  const { searchFolder } = await import('../../../leftovers/search-folder.ts')
  const { terminal, signal } = session
  const identities = file === undefined ? [] : readIdentities(resolve(terminal.folder, file))
  const texts = new Map(identities.map(({ line, text }) => [line, text]))
  const files: SearchedFile[] = []
  let [count, bytes] = [0, 0]
  for await (const searched of searchFolder(
    resolve(terminal.folder, folder),
    new LeftoverSearch(identities),
    signal,
  )) {
    count++
    bytes += searched.bytes
    if (searched.leftovers.length > 0 || searched.problem !== undefined) files.push(searched)
  }
  const nameOf = (searched: SearchedFile): string => (show ? searched.path : searched.maskedPath)
  const findings = files.flatMap((searched) =>
    searched.leftovers.map((leftover): Finding => {
      const text = show ? texts.get(leftover.line) : undefined
      return { path: nameOf(searched), ...leftover, ...(text === undefined ? {} : { text }) }
    }),
  )
  const unreadable = files.flatMap((searched) =>
    searched.problem === undefined ? [] : [{ path: nameOf(searched), problem: searched.problem }],
  )
  if (json) printJson(session, { files: count, bytes, identities: identities.length, findings, unreadable })
  else tell(session, findings, unreadable, { count, identities: identities.length })
  return findings.length === 0 && unreadable.length === 0 ? EXIT.ok : EXIT.failed
}

function tell(
  { say, terminal }: Session,
  findings: readonly Finding[],
  unreadable: readonly { path: string; problem: string }[],
  { count, identities }: { count: number; identities: number },
): void {
  const columns = [
    { title: say('column.line'), align: 'right' },
    { title: say('column.where') },
    { title: say('column.offset'), align: 'right' },
    { title: say('column.count'), align: 'right' },
    { title: say('column.file') },
  ] as const
  const rows = findings.map(({ line, where, offset, count: times, path, text }) => [
    [line === 0 ? say('deidCheck.idCard') : String(line), text].filter(Boolean).join(' '),
    say(`leftover.${where}`),
    String(offset),
    String(times),
    path === '' ? '.' : path,
  ])
  if (rows.length > 0) for (const line of formatTable(columns, rows)) terminal.print(line)
  for (const { path, problem } of unreadable) {
    terminal.say(say('deidCheck.unreadable', { path: printable(path), problem }))
  }
  const searched = say('deidCheck.searched', { files: count, identities })
  terminal.say(
    `${searched} ${say(findings.length === 0 ? 'deidCheck.nothing' : 'deidCheck.found', { count: findings.length })}`,
  )
}
