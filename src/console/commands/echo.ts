import type { Command } from 'commander'
import { ECHO_VERSION_NAME } from '../../dicom/read/part10.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { TRANSFER_SYNTAX } from '../../dicom/vocabulary/transfer-syntax.ts'
import { EXIT } from '../session/exit-codes.ts'
import { parsePeerAddress } from '../session/peer-address.ts'
import { printJson, type Session } from '../session/session.ts'
import { type JsonOption, jsonOption } from './options.ts'

const VERIFICATION = '1.2.840.10008.1.1'

interface EchoOptions extends JsonOption {
  readonly calling: string
}

export function addEcho(program: Command, session: Session): void {
  const { say } = session
  program
    .command('echo')
    .description(say('echo.about'))
    .argument('<peer>', say('peer.argument'))
    .option('--calling <aet>', say('peer.calling'), 'FERRY')
    .addOption(jsonOption(session))
    .action((peer: string, options: EchoOptions) => echo(session, peer, options))
}

async function echo(session: Session, peer: string, { calling, json }: EchoOptions): Promise<void> {
  const { say, terminal, clock, signal } = session
  // Loaded when it is wanted, as in `ferry run`.
  const { openAssociation } = await import('../../dimse/scu/open-association.ts')
  const startedAt = clock.monotonicMs()
  const contexts = [
    { abstractSyntaxUid: VERIFICATION, transferSyntaxUids: [TRANSFER_SYNTAX.ImplicitVRLittleEndian] },
  ]
  const implementationVersionName = ECHO_VERSION_NAME
  const options = {
    ...parsePeerAddress(peer),
    callingAeTitle: calling,
    contexts,
    clock,
    implementationVersionName,
  }
  await using association = await openAssociation(options, signal)
  const status = await association.echo()
  const ms = Math.round(clock.monotonicMs() - startedAt)
  if (json) printJson(session, { peer, status, ms })
  else if (status === STORAGE_STATUS.Success) terminal.print(say('echo.done', { peer, ms }))
  else terminal.print(say('echo.refused', { peer, status: status.toString(16).padStart(4, '0') }))
  if (status !== STORAGE_STATUS.Success) session.conclude(EXIT.failed)
}
