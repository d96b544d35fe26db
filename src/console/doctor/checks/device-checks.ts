import type { AgentSettings } from '../../../config/agent-settings.ts'
import { ECHO_VERSION_NAME } from '../../../dicom/read/part10.ts'
import { STORAGE_STATUS } from '../../../dicom/vocabulary/storage-status.ts'
import { TRANSFER_SYNTAX } from '../../../dicom/vocabulary/transfer-syntax.ts'
import { deviceTls } from '../../../dimse/scu/device-tls.ts'
import { openAssociation } from '../../../dimse/scu/open-association.ts'
import type { TlsProposal } from '../../../dimse/scu/open-socket.ts'
import { Failure } from '../../../platform/failure.ts'
import type { DoctorFinding, Exam } from './exam.ts'

const VERIFICATION = '1.2.840.10008.1.1'

interface Peer {
  readonly host: string
  readonly port: number
  readonly calledAeTitle: string
  readonly tls?: TlsProposal | undefined
}

/** The agent answers C-ECHO at its own port. */
export async function examineOwnEcho(exam: Exam, { listener }: AgentSettings): Promise<DoctorFinding[]> {
  if (listener.plain === false) return [exam.note('ownEcho', 'plainClosed')]
  const calledAeTitle = listener.aeTitles.find((title) => title !== '*') ?? 'FERRY'
  const host = listener.host === '0.0.0.0' || listener.host === '::' ? '127.0.0.1' : listener.host
  const values = { peer: `${calledAeTitle}@${host}:${listener.port}` }
  try {
    await echo(exam, { host, port: listener.port, calledAeTitle }, calledAeTitle)
    return [exam.good('ownEcho', 'ownEcho', values)]
  } catch (error) {
    return [exam.failed('ownEcho', error, 'ASSOCIATION_FAILED', `sending C-ECHO to ${values.peer}`)]
  }
}

/** With `--echo`: every listed device with an address answers C-ECHO. */
export async function examineDevices(
  exam: Exam,
  { devices, listener }: AgentSettings,
  isAsked: boolean,
): Promise<DoctorFinding[]> {
  if (devices.length === 0) return [exam.note('devices', 'noDevices')]
  const reachable = devices.filter(({ dicom }) => dicom !== undefined)
  if (!isAsked || reachable.length === 0)
    return [exam.good('devices', 'devices', { count: devices.length, reachable: reachable.length })]
  const callingAeTitle = listener.aeTitles.find((title) => title !== '*') ?? 'FERRY'
  return Promise.all(
    reachable.map(async ({ name, aeTitle, dicom }) => {
      const { host = '', port = 0, aeTitle: called = aeTitle, tls } = dicom ?? {}
      const values = { device: name, peer: `${called}@${host}:${port}` }
      try {
        const proposal = tls === true ? deviceTls(listener.tls) : undefined
        await echo(exam, { host, port, calledAeTitle: called, tls: proposal }, callingAeTitle)
        return exam.good('devices', 'deviceAnswers', values)
      } catch (error) {
        const { found } = exam.failed(
          'devices',
          error,
          'ASSOCIATION_FAILED',
          `sending C-ECHO to ${values.peer}`,
        )
        return exam.bad('devices', 'deviceSilent', { ...values, reason: found })
      }
    }),
  )
}

async function echo(exam: Exam, { tls, ...peer }: Peer, callingAeTitle: string): Promise<void> {
  const { clock, signal } = exam.session
  const contexts = [
    { abstractSyntaxUid: VERIFICATION, transferSyntaxUids: [TRANSFER_SYNTAX.ImplicitVRLittleEndian] },
  ]
  const implementationVersionName = ECHO_VERSION_NAME
  await using association = await openAssociation(
    { ...peer, callingAeTitle, contexts, clock, implementationVersionName, ...(tls && { tls }) },
    signal,
  )
  const status = await association.echo()
  if (status === STORAGE_STATUS.Success) return
  throw new Failure(
    'STORE_REFUSED',
    `sending C-ECHO: the answer has status ${status.toString(16).padStart(4, '0')}`,
  )
}
