import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { KeptLink } from '../../../agent/deid-records/deid-links.ts'
import { failureFrom } from '../../../platform/failure.ts'
import { agentSettings } from '../../session/config-file.ts'
import { EXIT } from '../../session/exit-codes.ts'
import { printJson, type Session } from '../../session/session.ts'
import { formatTable, printable } from '../../views/text-table.ts'
import { configOption, type JsonOption, jsonOption } from '../options.ts'

interface LinksOptions extends JsonOption {
  readonly identity: string
  readonly find?: string
}

interface Unreadable {
  readonly path: string
  readonly reason: string
}

/** Opens the linking table; only this command shows it in clear. */
export function addDeidLinks(deid: Command, session: Session, program: Command): void {
  const { say } = session
  deid
    .command('links')
    .description(say('deid.links.about'))
    .requiredOption('--identity <file>', say('deid.links.identity'))
    .option('--find <text>', say('deid.links.find'))
    .addOption(jsonOption(session))
    .action(async (options: LinksOptions) => {
      const { dataFolder } = agentSettings(session, configOption(program))
      // Loaded when it is wanted, as in `ferry run`.
      const { readDeidLinks } = await import('../../../agent/deid-records/deid-links.ts')
      const identity = identityIn(resolve(session.terminal.folder, options.identity))
      const links: KeptLink[] = []
      const failures: Unreadable[] = []
      for await (const one of readDeidLinks(dataFolder, identity))
        if ('failure' in one) failures.push({ path: one.path, reason: one.failure.message })
        else if (mentions(one.link, options.find)) links.push(one.link)
      show(links, failures, options, session)
    })
}

/** Finds the line of the key; age-keygen writes others around it. */
function identityIn(path: string): string {
  try {
    const text = readFileSync(path, 'utf8')
    return /^AGE-SECRET-KEY-1\S+/m.exec(text)?.[0] ?? text.trim()
  } catch (error) {
    throw failureFrom(error, 'FILE_UNREADABLE', `reading the key ${path}`)
  }
}

function mentions({ original, replacement }: KeptLink, text: string | undefined): boolean {
  if (text === undefined) return true
  return [...Object.values(original), ...Object.values(replacement)].some((value) => value.includes(text))
}

function show(
  links: readonly KeptLink[],
  unreadable: readonly Unreadable[],
  { json }: LinksOptions,
  session: Session,
): void {
  const { say, terminal } = session
  if (unreadable.length > 0) session.conclude(EXIT.failed)
  if (json) return printJson(session, { links, unreadable })
  if (links.length === 0) terminal.print(say('deid.links.none'))
  else
    for (const line of formatTable(
      [
        { title: say('column.profile') },
        { title: say('column.pseudonym') },
        { title: say('column.patientId') },
        { title: say('column.patient') },
        { title: say('column.accession') },
        { title: say('column.study') },
        { title: say('column.newStudy') },
      ],
      links.map(({ profile, original, replacement }) => [
        profile,
        replacement.patientId || replacement.patientName,
        printable(original.patientId),
        printable(original.patientName),
        printable(original.accessionNumber),
        original.studyInstanceUid,
        replacement.studyInstanceUid,
      ]),
    ))
      terminal.print(line)
  for (const { path, reason } of unreadable) terminal.say(`${path}: ${reason}`)
}
