import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { findSpooled, isSpooled, type Spooled, type Unread } from '../../../agent/queue/spool/spooled.ts'
import { Failure, storageFailure } from '../../../platform/failure.ts'
import { agentSettings } from '../../session/config-file.ts'
import { osUser } from '../../session/os-user.ts'
import type { Session } from '../../session/session.ts'
import { exportInstance } from '../../tools/export-instance.ts'
import { configOption, type JsonOption, jsonOption } from '../options.ts'

interface FolderOption {
  readonly spool?: string
}

interface ExtractOptions extends FolderOption, JsonOption {
  readonly to: string
  readonly all?: true
}

/** Adds the commands that read a spool as it lies on the disk; they need no index, no key and no running agent. */
export function addSpool(program: Command, session: Session): void {
  const { say } = session
  const spool = program.command('spool').description(say('spool.about'))
  spool
    .command('list')
    .description(say('spool.list.about'))
    .option('--spool <folder>', say('spool.folder'))
    .addOption(jsonOption(session))
    .action((options: FolderOption & JsonOption) =>
      list(folderOf(program, session, options), session, options),
    )
  spool
    .command('extract')
    .description(say('spool.extract.about'))
    .argument('[ulids...]', say('spool.ulids'))
    .requiredOption('--to <folder>', say('spool.to'))
    .option('--all', say('spool.all'))
    .option('--spool <folder>', say('spool.folder'))
    .addOption(jsonOption(session))
    .action((ulids: string[], options: ExtractOptions) => extract(program, session, ulids, options))
}

/** Without `--spool` the configuration says where it is. */
function folderOf(program: Command, session: Session, { spool }: FolderOption): string {
  if (spool !== undefined) return resolve(session.terminal.folder, spool)
  return join(agentSettings(session, configOption(program)).dataFolder, 'spool')
}

function list(folder: string, { terminal, say }: Session, { json }: JsonOption): void {
  let [instances, bytes, unread] = [0, 0, 0]
  for (const found of find(folder)) {
    if (isSpooled(found)) {
      instances++
      bytes += found.bytes
    } else unread++
    terminal.print(json ? JSON.stringify(lineOf(found)) : textOf(found))
  }
  if (!json)
    terminal.say(say('spool.list.sum', { instances, mebibytes: Math.round(bytes / 2 ** 20), unread }))
}

/** One line of `--json`: JSON Lines, since a spool can hold a million instances. */
function lineOf(found: Spooled | Unread): object {
  const { path, offset, bytes } = found
  if (!isSpooled(found)) return { path, offset, bytes }
  const { ulid, arrivedAt, callingAeTitle, studyInstanceUid, sopInstanceUid, policy } = found.envelope
  return { ulid, arrivedAt, callingAeTitle, studyInstanceUid, sopInstanceUid, policy, path, offset, bytes }
}

const textOf = (found: Spooled | Unread): string =>
  `${isSpooled(found) ? found.envelope.ulid : '?'.repeat(26)}  ${found.bytes}  ${found.path}:${found.offset}`

async function extract(
  program: Command,
  session: Session,
  ulids: readonly string[],
  options: ExtractOptions,
): Promise<void> {
  const { terminal, say, clock } = session
  if ((ulids.length === 0) === (options.all === undefined))
    throw new Failure('USAGE', say('spool.extract.which'))
  const wanted = new Set(ulids)
  const to = resolve(terminal.folder, options.to)
  const extracted: { ulid: string; agePath: string; aboutPath: string }[] = []
  for (const found of find(folderOf(program, session, options))) {
    if (!isSpooled(found) || !(options.all || wanted.delete(found.envelope.ulid))) continue
    const about = { extractedAt: new Date(clock.now()).toISOString(), by: osUser(terminal) }
    const { agePath, aboutPath } = await exportInstance(found, to, about)
    extracted.push({ ulid: found.envelope.ulid, agePath, aboutPath })
    if (!options.json) terminal.print(agePath)
  }
  if (options.json) terminal.print(JSON.stringify({ extracted, missing: Array.from(wanted) }))
  if (wanted.size > 0)
    throw new Failure('NOT_HELD', say('spool.extract.missing', { ulids: Array.from(wanted).join(', ') }))
  if (!options.json) terminal.say(say('spool.extract.howTo'))
}

/** Throws STORAGE_ERROR for a folder that cannot be read. */
function* find(folder: string): Generator<Spooled | Unread> {
  try {
    yield* findSpooled(folder)
  } catch (error) {
    throw storageFailure(error, `reading the spool in ${folder}`)
  }
}
