import type { AgentSettings } from '../../config/agent-settings.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { TRANSFER_SYNTAX } from '../../dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../platform/failure.ts'
import { withCause } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import type { Session } from '../session/session.ts'

const VERIFICATION = '1.2.840.10008.1.1'

export type ListedDevice = AgentSettings['devices'][number]

/** The answer of a device to C-ECHO. */
interface Echo {
  readonly isAnswered: boolean
  readonly words: string
  readonly ms: number | null
}

/** Sends C-ECHO to a listed device. Returns undefined if its address is not known. */
export async function echoDevice(
  session: Pick<Session, 'say' | 'clock' | 'signal' | 'language' | 'causes'>,
  settings: AgentSettings,
  device: ListedDevice,
): Promise<Echo | undefined> {
  const { say, clock, signal, language, causes } = session
  const { name, aeTitle, dicom } = device
  if (dicom === undefined) return undefined
  const { host, port } = dicom
  const calledAeTitle = dicom.aeTitle ?? aeTitle
  const values = { device: name, peer: `${calledAeTitle}@${host.includes(':') ? `[${host}]` : host}:${port}` }
  // Loaded when it is wanted, as in `ferry run`.
  const { openAssociation } = await import('../../dimse/scu/open-association.ts')
  const { deviceTls } = await import('../../dimse/scu/device-tls.ts')
  const startedAt = clock.monotonicMs()
  try {
    const callingAeTitle = settings.listener.aeTitles.find((title) => title !== '*') ?? 'FERRY'
    const contexts = [
      { abstractSyntaxUid: VERIFICATION, transferSyntaxUids: [TRANSFER_SYNTAX.ImplicitVRLittleEndian] },
    ]
    const tls = dicom.tls === true ? deviceTls(settings.listener.tls) : undefined
    await using association = await openAssociation(
      { host, port, callingAeTitle, calledAeTitle, contexts, clock, ...(tls && { tls }) },
      signal,
    )
    const status = await association.echo()
    const ms = Math.round(clock.monotonicMs() - startedAt)
    if (status === STORAGE_STATUS.Success)
      return { isAnswered: true, words: say('devices.test.answers', { ...values, ms }), ms }
    const reason = status.toString(16).padStart(4, '0').toUpperCase()
    return { isAnswered: false, words: say('devices.test.silent', { ...values, reason }), ms }
  } catch (error) {
    if (!(error instanceof Failure) || signal.aborted) throw error
    const meaning = wordsOfFailure(error.code, language)?.meaning
    const cause = causes(error.message)
    const reason = meaning === undefined ? cause : withCause(meaning, cause, language)
    return { isAnswered: false, words: say('devices.test.silent', { ...values, reason }), ms: null }
  }
}
