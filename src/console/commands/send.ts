import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { FileOutcome } from '../send/send-files.ts'
import { EXIT, type ExitCode } from '../session/exit-codes.ts'
import { parsePeerAddress } from '../session/peer-address.ts'
import { printJson, type Session } from '../session/session.ts'
import { type JsonOption, jsonOption } from './options.ts'

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
  // These modules are loaded only if they are wanted, as in `ferry run`.
  const { findFiles } = await import('../../agent/arrival/import/find-files.ts')
  const { sendFiles } = await import('../send/send-files.ts')
  const { isLeftOut, outcomeLine, outcomeViews, sayLists } = await import('../send/send-report.ts')
  const address = parsePeerAddress(peer)
  const absolute = paths.map((path) => resolve(terminal.folder, path))
  const found = findFiles(absolute, 'follow')
  const startedAt = clock.monotonicMs()
  const outcomes: FileOutcome[] = []
  for await (const outcome of sendFiles(found, { ...address, callingAeTitle: calling, clock }, signal)) {
    outcomes.push(outcome)
    const isFailure = !outcome.isStored && !isLeftOut(outcome)
    if (json !== true && isFailure) terminal.say(outcomeLine(outcome, session))
  }
  const seconds = ((clock.monotonicMs() - startedAt) / 1000).toFixed(1)
  const wanted = outcomes.filter((one) => !isLeftOut(one))
  const sent = wanted.filter(({ isStored }) => isStored).length
  const count = wanted.length
  if (json === true) printJson(session, { peer, sent, count, ...outcomeViews(outcomes, session) })
  else {
    sayLists(outcomes, session)
    if (count === 0) terminal.say(say('send.nothing', { paths: paths.join(', ') }))
    else terminal.print(say('send.done', { sent, count, seconds }))
  }
  return sent === 0 ? EXIT.failed : sent === count ? EXIT.ok : EXIT.partlyDone
}
