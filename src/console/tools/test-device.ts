import { type AgentSettings, loadAgentSettings } from '../../config/agent-settings.ts'
import { STORAGE_STATUS } from '../../dicom/vocabulary/storage-status.ts'
import { TRANSFER_SYNTAX } from '../../dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../platform/failure.ts'
import { CONTROL_PATHS, type DeviceView, devicesSchema } from '../../protocol/control-api.ts'
import { withCause } from '../language/cause-text.ts'
import { wordsOfFailure } from '../language/failure-words.ts'
import { ControlClient } from '../session/control-client.ts'
import { EXIT } from '../session/exit-codes.ts'
import { printJson, type Session } from '../session/session.ts'
import { deviceCommand } from '../views/caller-word.ts'
import { lastSentText } from '../views/devices-text.ts'

const VERIFICATION = '1.2.840.10008.1.1'

type Listed = AgentSettings['devices'][number]

/** Sends C-ECHO to a device whose address is known, and reports its last instance. */
export async function testDevice(
  session: Session,
  file: string,
  named: string,
  isJson: boolean,
): Promise<void> {
  const { say, terminal, language } = session
  const settings = loadAgentSettings(file, language)
  const device =
    settings.devices.find(({ name }) => name === named) ??
    settings.devices.find(({ aeTitle }) => aeTitle === named)
  const seen = await seenBy(settings.dataFolder, device?.aeTitle ?? named)
  if (device === undefined && (seen === undefined || seen.length === 0))
    throw new Failure('DEVICE_UNKNOWN', say('devices.notListed', { device: named }))
  const echo = device?.dicom === undefined ? undefined : await echoTo(session, settings, device)
  if (echo !== undefined && !echo.isAnswered) session.conclude(EXIT.failed)
  if (isJson) {
    const name = device?.name ?? null
    return printJson(session, { name, echo: echo ?? null, isRunning: seen !== undefined, seen: seen ?? [] })
  }
  terminal.print(echo?.words ?? noAddress(device, named, session))
  if (seen === undefined) terminal.print(say('devices.test.notRunning'))
  else if (seen.length === 0) terminal.print(say('devices.test.neverSeen'))
  else for (const one of seen) terminal.print(lastSentText(one, session))
}

/** Returns the devices that the running agent has seen under this AE title; undefined if no agent runs. */
async function seenBy(dataFolder: string, aeTitle: string): Promise<DeviceView[] | undefined> {
  try {
    const { value } = await new ControlClient(dataFolder).call(devicesSchema, 'GET', CONTROL_PATHS.devices)
    return value.devices.filter((one) => one.callingAeTitle === aeTitle && one.lastSeenAt !== null)
  } catch (error) {
    if (error instanceof Failure && error.code === 'NOT_RUNNING') return undefined
    throw error
  }
}

const noAddress = (device: Listed | undefined, named: string, { say }: Session): string =>
  device === undefined
    ? say('devices.test.notListed', {
        device: named,
        approve: deviceCommand('approve', { aeTitle: named, address: undefined }),
      })
    : say('devices.test.noAddress', { device: device.name })

interface Echo {
  readonly isAnswered: boolean
  readonly words: string
  readonly ms: number | null
}

async function echoTo(session: Session, settings: AgentSettings, device: Listed): Promise<Echo | undefined> {
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
