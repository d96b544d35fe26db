import { closeSync, globSync, openSync, readSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { Failure } from '../../platform/failure.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { FileOutcome } from '../send-files.ts'
import { printJson, type Session } from '../session.ts'
import { printable } from '../text-table.ts'
import { type JsonOption, jsonOption } from './options.ts'
import { parsePeerAddress } from './peer-address.ts'

interface SendOptions extends JsonOption {
  readonly calling: string
}

export function addSend(program: Command, session: Session): void {
  const { say } = session
  program
    .command('send')
    .description(say('send.about'))
    .argument('<peer>', say('peer.argument'))
    .argument('<files...>', say('send.files'))
    .option('--calling <aet>', say('peer.calling'), 'FERRY')
    .addOption(jsonOption(session))
    .action(async (peer: string, paths: string[], options: SendOptions) => {
      session.conclude(await send(session, peer, paths, options))
    })
}

async function send(
  session: Session,
  peer: string,
  paths: readonly string[],
  { calling, json }: SendOptions,
): Promise<ExitCode> {
  const { say, terminal, clock, signal } = session
  // Loaded when it is wanted, as in `ferry run`.
  const { sendFiles } = await import('../send-files.ts')
  const address = parsePeerAddress(peer)
  const files = findFiles(paths, session)
  const startedAt = clock.monotonicMs()
  const outcomes: FileOutcome[] = []
  for await (const outcome of sendFiles(files, { ...address, callingAeTitle: calling, clock }, signal)) {
    outcomes.push(outcome)
    if (!json && !outcome.isStored) {
      terminal.say(`${relative(terminal.folder, outcome.path)}: ${printable(outcome.words)}`)
    }
  }
  const seconds = ((clock.monotonicMs() - startedAt) / 1000).toFixed(1)
  const sent = outcomes.filter(({ isStored }) => isStored).length
  if (json) printJson(session, { peer, sent, count: files.length, files: outcomes })
  else terminal.print(say('send.done', { sent, count: files.length, seconds }))
  return sent === files.length ? EXIT.ok : sent === 0 ? EXIT.failed : EXIT.partlyDone
}

/** Files that are named are sent or complained of; in a folder, such as a CD's, there may be anything. */
function findFiles(paths: readonly string[], { terminal, say }: Session): string[] {
  let skipped = 0
  const files = paths.flatMap((name) => {
    const path = resolve(terminal.folder, name)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) throw new Failure('USAGE', `there is no ${path}`)
    if (!found.isDirectory()) return [path]
    const inside = filesIn(path)
    const dicom = inside.filter(isDicomFile)
    skipped += inside.length - dicom.length
    return dicom
  })
  if (skipped > 0) terminal.say(say('send.skipped', { count: skipped }))
  if (files.length === 0) throw new Failure('USAGE', say('send.nothing', { paths: paths.join(', ') }))
  return files
}

function filesIn(folder: string): string[] {
  return globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

/** PS3.10 §7.1: DICM after the preamble. */
function isDicomFile(path: string): boolean {
  const prefix = Buffer.alloc(4)
  const file = openSync(path, 'r')
  try {
    return readSync(file, prefix, 0, 4, 128) === 4 && prefix.toString('latin1') === 'DICM'
  } finally {
    closeSync(file)
  }
}
