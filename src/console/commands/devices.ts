import type { Command } from 'commander'
import { loadAgentSettings } from '../../config/agent-settings.ts'
import { addDeviceToFile, removeDeviceFromFile } from '../../config/editing/edit-devices.ts'
import { aeTitleFault } from '../../config/setting/ae-title-fault.ts'
import { Failure } from '../../platform/failure.ts'
import {
  type CallersChanged,
  CONTROL_PATHS,
  callersChangedSchema,
  type DevicesView,
  devicesSchema,
} from '../../protocol/control-api.ts'
import type { CallerPattern } from '../../protocol/control-service.ts'
import { AGENT_FILE, findConfig } from '../session/config-file.ts'
import { type ControlAnswer, ControlClient } from '../session/control-client.ts'
import { printJson, type Session } from '../session/session.ts'
import { testDevice } from '../tools/test-device.ts'
import { deviceCommand, parseAeTitle, parseCaller } from '../views/caller-word.ts'
import { deviceProblemText } from '../views/device-problem-text.ts'
import { devicesText } from '../views/devices-text.ts'
import { printable } from '../views/text-table.ts'
import { configOption, type JsonOption, jsonOption } from './options.ts'

interface ApproveOptions {
  readonly kind?: string
  readonly name?: string
  readonly address?: readonly string[]
}

export function addDevices(program: Command, session: Session): void {
  const { say } = session
  const file = (): string => findConfig(session, configOption(program), AGENT_FILE)
  const devices = program
    .command('devices')
    .description(say('devices.about'))
    .addOption(jsonOption(session))
    .action(({ json }: JsonOption) => list(session, file(), json === true))
  const isJson = (): boolean => devices.opts<JsonOption>().json === true
  devices
    .command('approve')
    .description(say('devices.approve.about'))
    .argument('<aet>', say('devices.aet'))
    .option('--kind <kind>', say('devices.approve.kind'))
    .option('--name <name>', say('devices.approve.name'))
    .option('--address <address>', say('devices.approve.address'), collect, [])
    .action((aeTitle: string, options: ApproveOptions) =>
      approve(session, file(), aeTitle, options, isJson()),
    )
  devices
    .command('remove')
    .description(say('devices.remove.about'))
    .argument('<device>', say('devices.device'))
    .action((named: string) => remove(session, file(), named, isJson()))
  devices
    .command('ignore')
    .description(say('devices.ignore.about'))
    .argument('<caller>', say('devices.caller'))
    .action((named: string) => ignore(session, file(), named, isJson()))
  devices
    .command('unignore')
    .description(say('devices.unignore.about'))
    .argument('<caller>', say('devices.caller'))
    .action((named: string) => unignore(session, file(), named, isJson()))
  devices
    .command('test')
    .description(say('devices.test.about'))
    .argument('<device>', say('devices.device'))
    .action((named: string) => testDevice(session, file(), named, isJson()))
}

const collect = (text: string, before: readonly string[]): string[] => [...before, text]

async function list(session: Session, file: string, isJson: boolean): Promise<void> {
  const { terminal, language } = session
  const client = new ControlClient(loadAgentSettings(file, language).dataFolder)
  const answer = await client.call(devicesSchema, 'GET', CONTROL_PATHS.devices)
  if (isJson) terminal.print(answer.json)
  else for (const line of devicesText(answer.value, session)) terminal.print(line)
}

async function approve(
  session: Session,
  file: string,
  typed: string,
  { kind, name, address: addresses = [] }: ApproveOptions,
  isJson: boolean,
): Promise<void> {
  const { say, language } = session
  const aeTitle = parseAeTitle(typed)
  const fault = aeTitleFault(aeTitle)
  if (fault !== undefined)
    throw new Failure(
      'USAGE',
      say('devices.approve.unfit', {
        aeTitle: printable(JSON.stringify(aeTitle)),
        fault: say(`aeTitle.${fault}`),
      }),
    )
  const { devices } = loadAgentSettings(file, language)
  const namesakes = devices.filter((device) => device.aeTitle === aeTitle)
  if (
    namesakes.some((device) => device.addresses.length === 0) ||
    (namesakes.length > 0 && addresses.length === 0)
  )
    throw new Failure('DEVICE_LISTED', say('devices.approve.listed', { aeTitle }))
  const usual = namesakes.length === 0 ? aeTitle : `${aeTitle} (${addresses.join(', ')})`
  const device = {
    name: name ?? freeName(usual, devices),
    aeTitle,
    addresses,
    ...(kind !== undefined && { kind }),
  }
  await addDeviceToFile(file, device, language)
  const view = await apply(session, file, say('devices.approve.done', { name: device.name }), isJson, (all) =>
    all.devices.some((one) => one.name === device.name && one.callingAeTitle === aeTitle),
  )
  if (!isJson) sayStillRefused(session, view, device)
}

/** Being listed is not sufficient: the device may still call another AE title, or without TLS. */
function sayStillRefused(
  { say, language, terminal }: Session,
  view: DevicesView | undefined,
  { name, aeTitle }: { readonly name: string; readonly aeTitle: string },
): void {
  for (const one of view?.devices ?? []) {
    if (one.callingAeTitle !== aeTitle || one.name !== name || one.state !== 'refused') continue
    const words = deviceProblemText(one, say, language)
    terminal.say(printable(say('devices.approve.still', { device: name, ...words })))
  }
}

function freeName(wanted: string, devices: readonly { readonly name: string }[]): string {
  const taken = new Set(devices.map(({ name }) => name))
  for (let i = 1; ; i++) {
    const name = i === 1 ? wanted : `${wanted} (${i})`
    if (!taken.has(name)) return name
  }
}

async function ignore(session: Session, file: string, named: string, isJson: boolean): Promise<void> {
  const { say, language, terminal } = session
  const { devices, dataFolder } = loadAgentSettings(file, language)
  const which = parseCaller(named)
  const device = callerText(which)
  if (devices.some(({ aeTitle }) => aeTitle === which.aeTitle))
    throw new Failure('DEVICE_LISTED', say('devices.ignore.listed', { device }))
  if (which.aeTitle === '' && which.address === undefined)
    throw new Failure('USAGE', say('devices.ignore.blank'))
  const { changed } = await changeCallers(dataFolder, CONTROL_PATHS.ignoreCaller, which)
  if (isJson) printJson(session, { ...which, changed })
  else terminal.print(say('devices.ignore.done', { device }))
}

async function unignore(session: Session, file: string, named: string, isJson: boolean): Promise<void> {
  const { say, language, terminal } = session
  const which = parseCaller(named)
  const { changed } = await changeCallers(
    loadAgentSettings(file, language).dataFolder,
    CONTROL_PATHS.unignoreCaller,
    which,
  )
  const device = callerText(which)
  if (changed === 0) throw new Failure('NOT_IGNORED', say('devices.unignore.none', { device }))
  if (isJson) printJson(session, { ...which, changed })
  else terminal.print(say('devices.unignore.done', { device }))
}

async function changeCallers(
  dataFolder: string,
  path: string,
  { aeTitle, address }: CallerPattern,
): Promise<CallersChanged> {
  const query = new URLSearchParams({ aet: aeTitle, ...(address !== undefined && { address }) })
  const client = new ControlClient(dataFolder)
  return (await client.call(callersChangedSchema, 'POST', `${path}?${query.toString()}`)).value
}

const callerText = ({ aeTitle, address }: CallerPattern): string =>
  printable(address === undefined ? aeTitle : `${aeTitle}@${address}`)

async function remove(session: Session, file: string, named: string, isJson: boolean): Promise<void> {
  const { say, language } = session
  const { devices } = loadAgentSettings(file, language)
  const at = devices.findIndex(({ name }) => name === named)
  const fitting = devices.filter(({ aeTitle }) => aeTitle === named)
  const place =
    at >= 0 ? at : fitting.length === 1 ? devices.findIndex(({ aeTitle }) => aeTitle === named) : -1
  if (place < 0) return forget(session, file, named, isJson)
  const name = devices[place]?.name ?? named
  await removeDeviceFromFile(file, place, language)
  await apply(session, file, say('devices.remove.done', { name }), isJson, (view) =>
    view.devices.every((one) => one.name !== name),
  )
}

/** A caller that is not listed is no longer shown. */
async function forget(session: Session, file: string, named: string, isJson: boolean): Promise<void> {
  const { say, language, terminal } = session
  const which = parseCaller(named)
  const { dataFolder } = loadAgentSettings(file, language)
  const changed = await changeCallers(dataFolder, CONTROL_PATHS.forgetCaller, which)
    .then((answer) => answer.changed)
    .catch((error: unknown) => {
      if (error instanceof Failure && error.code === 'NOT_RUNNING') return 0
      throw error
    })
  if (changed === 0)
    throw new Failure('DEVICE_UNKNOWN', say('devices.notListed', { device: printable(named) }))
  if (isJson) return printJson(session, { ...which, changed })
  terminal.print(
    say('devices.remove.forgotten', { device: callerText(which), ignore: deviceCommand('ignore', which) }),
  )
}

/** Makes the running agent use the list, and returns its devices; if none runs, only the file changes. */
async function apply(
  session: Session,
  file: string,
  done: string,
  isJson: boolean,
  isTakenOn: (view: DevicesView) => boolean,
): Promise<DevicesView | undefined> {
  const { say, terminal, language } = session
  const client = new ControlClient(loadAgentSettings(file, language).dataFolder)
  const answer = await client
    .call(devicesSchema, 'POST', CONTROL_PATHS.reloadDevices)
    .catch((error: unknown): ControlAnswer<DevicesView> | undefined => {
      if (error instanceof Failure && error.code === 'NOT_RUNNING') return undefined
      throw error
    })
  if (answer !== undefined && !isTakenOn(answer.value))
    throw new Failure('OTHER_CONFIG', say('devices.otherFile', { file }))
  const isRunning = answer !== undefined
  if (isJson) printJson(session, { config: file, isRunning })
  else {
    terminal.print(done)
    terminal.say(say(isRunning ? 'devices.applied' : 'devices.fileOnly', { file }))
  }
  return answer?.value
}
