import { hostname } from 'node:os'
import { CenterAccount } from '../../agent/send/center-account.ts'
import { type AgentSettings, loadAgentSettings } from '../../config/agent-settings.ts'
import { editListener } from '../../config/editing/edit-listener.ts'
import { Failure } from '../../platform/failure.ts'
import { CONTROL_PATHS, devicesSchema, restartSchema, testImageSchema } from '../../protocol/control-api.ts'
import { parseJoinCode } from '../../protocol/join-code.ts'
import type { Language } from '../language/language.ts'
import { AGENT_FILE, existingConfig, newConfigPath } from '../session/config-file.ts'
import { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { writeNewConfig } from '../session/write-new-config.ts'
import { followToReceipt } from './follow-to-receipt.ts'
import { joinOnTerminal } from './join-on-terminal.ts'
import { listDevice, type WantedDevice } from './list-device.ts'
import { ownAddresses } from './own-addresses.ts'
import { pendingJoin, rememberJoin } from './pending-join.ts'
import type { Questions } from './questions.ts'
import { waitForDevices } from './wait-for-devices.ts'

/** Answers that came as options. */
interface SetupChoices {
  readonly name?: string | undefined
  readonly aeTitle?: string | undefined
  readonly port?: number | undefined
  readonly code?: string | undefined
  readonly devices: readonly WantedDevice[]
  readonly isTestWanted: boolean
}

/** The state after a run of the set-up. A person does the rest, or runs it again. */
export interface SetupResult {
  readonly config: string
  readonly aeTitle: string
  readonly addresses: readonly string[]
  readonly port: number
  readonly isRunning: boolean
  /** The name of the center; null before the agent has joined. */
  readonly center: string | null
  readonly fingerprint: string | null
  readonly devices: number
  /** Whether the center has signed for the test image; null = none was sent. */
  readonly isReceipted: boolean | null
}

/**
 * Sets an agent up, in steps of which each can be done already: so it can be stopped at any moment and run again.
 * Writes the configuration, lists devices, joins the center, waits for devices to call, and follows a test image to its
 * receipt.
 */
export async function setUpAgent(
  session: Session,
  named: string | undefined,
  choices: SetupChoices,
  questions: Questions,
): Promise<SetupResult> {
  const file = await configure(session, named, choices, questions)
  const { language } = session
  for (const device of choices.devices)
    if (await listDevice(file, device, language))
      session.terminal.say(session.say('setup.listed', { device: device.name ?? device.aeTitle }))
  const settings = loadAgentSettings(file, language)
  const client = new ControlClient(settings.dataFolder)
  const isRunning = await applied(client, choices.devices.length > 0)
  const card = showCard(session, settings)
  const joined = await join(session, { file, settings, choices, questions })
  if (isRunning && questions.isAsking) await waitForDevices(session, { file, client, questions })
  const isReceipted = isRunning && joined.center !== null ? await testReceipt(session, client, choices) : null
  const devices = loadAgentSettings(file, language).devices.length
  return { config: file, ...card, isRunning, ...joined, devices, isReceipted }
}

async function configure(
  session: Session,
  named: string | undefined,
  { aeTitle, port }: SetupChoices,
  questions: Questions,
): Promise<string> {
  const { terminal, say, language } = session
  const existing = existingConfig(session, named, AGENT_FILE)
  const listener = existing === undefined ? undefined : loadAgentSettings(existing, language).listener
  const choice = {
    aeTitle: aeTitle ?? (await questions.text(say('setup.askAeTitle'), listener?.aeTitles[0] ?? 'FERRY')),
    port: port ?? Number(await questions.text(say('setup.askPort'), String(listener?.port ?? 11_112))),
  }
  if (existing === undefined) {
    const path = newConfigPath(session, named, AGENT_FILE)
    await writeNewConfig(path, choice, language)
    terminal.say(say('setup.wroteConfig', { path }))
    return path
  }
  if (await editListener(existing, choice, language)) {
    terminal.say(say('setup.changedConfig', { path: existing }))
    await restarted(session, existing, language)
  }
  return existing
}

/** The running agent opens its ports again. */
async function restarted(session: Session, file: string, language: Language): Promise<void> {
  const client = new ControlClient(loadAgentSettings(file, language).dataFolder)
  const isAsked = await unlessNotRunning(client.call(restartSchema, 'POST', CONTROL_PATHS.restart))
  if (isAsked === undefined) return
  for (let tries = 0; tries < 40; tries++) {
    await session.clock.sleep(250, session.signal)
    if ((await unlessNotRunning(client.call(devicesSchema, 'GET', CONTROL_PATHS.devices))) !== undefined)
      return
  }
}

async function applied(client: ControlClient, isChanged: boolean): Promise<boolean> {
  const [method, path] = isChanged
    ? (['POST', CONTROL_PATHS.reloadDevices] as const)
    : (['GET', CONTROL_PATHS.devices] as const)
  return (await unlessNotRunning(client.call(devicesSchema, method, path))) !== undefined
}

async function unlessNotRunning<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof Failure && error.code === 'NOT_RUNNING') return undefined
    throw error
  }
}

function showCard(
  { terminal, say }: Session,
  { listener }: AgentSettings,
): Pick<SetupResult, 'aeTitle' | 'addresses' | 'port'> {
  const card = {
    aeTitle: listener.aeTitles[0] ?? '',
    addresses: ownAddresses(listener.host),
    port: listener.port,
  }
  terminal.say('')
  terminal.say(say('setup.card'))
  terminal.say(`    ${say('setup.card.aeTitle')}  ${card.aeTitle}`)
  terminal.say(
    `    ${say('setup.card.address')}  ${card.addresses.join(', ') || say('setup.card.noAddress')}`,
  )
  terminal.say(`    ${say('setup.card.port')}  ${card.port}`)
  terminal.say('')
  return card
}

interface Joining {
  readonly file: string
  readonly settings: AgentSettings
  readonly choices: SetupChoices
  readonly questions: Questions
}

async function join(
  session: Session,
  { file, settings: { dataFolder }, choices, questions }: Joining,
): Promise<Pick<SetupResult, 'center' | 'fingerprint'>> {
  const { terminal, say } = session
  CenterAccount.checkFolder(dataFolder, file)
  const { account } = await CenterAccount.openToJoin(dataFolder)
  const { kid: fingerprint } = account.signingKey
  if (account.isEnrolled) {
    const { centerName: center } = account.keyList()
    terminal.say(say('setup.alreadyJoined', { center }))
    return { center, fingerprint }
  }
  const begun = choices.code === undefined ? pendingJoin(dataFolder) : undefined
  const typed = choices.code ?? (begun === undefined ? await askForCode(session, questions) : '')
  if (typed === '' && begun === undefined) return { center: null, fingerprint }
  const code = begun?.code ?? parseJoinCode(typed)
  const name = choices.name ?? begun?.name ?? (await questions.text(say('setup.askName'), hostname()))
  if (begun === undefined) await rememberJoin(dataFolder, { code: typed, name })
  const { center } = await joinOnTerminal(session, { dataFolder, file, code, name })
  terminal.say(say('setup.alreadyJoined', { center }))
  return { center, fingerprint }
}

/** Asks until the code has no typing error; '' = later. */
async function askForCode({ terminal, say, causes }: Session, questions: Questions): Promise<string> {
  for (;;) {
    const typed = await questions.text(say('setup.askCode'), '')
    if (typed === '') return typed
    try {
      parseJoinCode(typed)
      return typed
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      terminal.say(causes(error.message))
    }
  }
}

async function testReceipt(
  session: Session,
  client: ControlClient,
  { isTestWanted }: SetupChoices,
): Promise<boolean | null> {
  const { terminal, say } = session
  if (!isTestWanted) return null
  const study = await sendTestImage(session, client)
  terminal.say(say('setup.testSent'))
  const isReceipted = await followToReceipt(session, client, study)
  terminal.say(say(isReceipted ? 'setup.receipt' : 'setup.noReceipt'))
  return isReceipted
}

/** The running agent notices within a second that it has joined. */
async function sendTestImage({ clock, signal }: Session, client: ControlClient): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      const { value } = await client.call(testImageSchema, 'POST', CONTROL_PATHS.testImage)
      return value.studyInstanceUid
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'NOT_ENROLLED' || tries >= 20) throw error
      await clock.sleep(250, signal)
    }
  }
}
