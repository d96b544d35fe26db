import type { Command } from 'commander'
import { loadAgentSettings } from '../../config/agent-settings.ts'
import { addDeviceToFile, removeDeviceFromFile } from '../../config/edit-devices.ts'
import { Failure } from '../../platform/failure.ts'
import { CONTROL_PATHS, type DevicesView, devicesSchema } from '../../protocol/control-api.ts'
import { AGENT_FILE, findConfig } from '../config-file.ts'
import { type ControlAnswer, ControlClient } from '../control-client.ts'
import { devicesText } from '../devices-text.ts'
import { printJson, type Session } from '../session.ts'
import { testDevice } from '../test-device.ts'
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
  aeTitle: string,
  { kind, name, address: addresses = [] }: ApproveOptions,
  isJson: boolean,
): Promise<void> {
  const { say, language } = session
  const { devices } = loadAgentSettings(file, language)
  const namesakes = devices.filter((device) => device.aeTitle === aeTitle)
  if (
    namesakes.some((device) => device.addresses.length === 0) ||
    (namesakes.length > 0 && addresses.length === 0)
  )
    throw new Failure('USAGE', say('devices.approve.listed', { aeTitle }))
  const usual = namesakes.length === 0 ? aeTitle : `${aeTitle} (${addresses.join(', ')})`
  const device = { name: name ?? usual, aeTitle, addresses, ...(kind !== undefined && { kind }) }
  await addDeviceToFile(file, device, language)
  await apply(session, file, say('devices.approve.done', { name: device.name }), isJson, (view) =>
    view.devices.some((one) => one.name === device.name && one.callingAeTitle === aeTitle),
  )
}

async function remove(session: Session, file: string, named: string, isJson: boolean): Promise<void> {
  const { say, language } = session
  const { devices } = loadAgentSettings(file, language)
  const at = devices.findIndex(({ name }) => name === named)
  const fitting = devices.filter(({ aeTitle }) => aeTitle === named)
  const place =
    at >= 0 ? at : fitting.length === 1 ? devices.findIndex(({ aeTitle }) => aeTitle === named) : -1
  if (place < 0) throw new Failure('USAGE', say('devices.notListed', { device: named }))
  const name = devices[place]?.name ?? named
  await removeDeviceFromFile(file, place, language)
  await apply(session, file, say('devices.remove.done', { name }), isJson, (view) =>
    view.devices.every((one) => one.name !== name),
  )
}

/** Has the running agent take the list on; when none runs, the file alone counts. */
async function apply(
  session: Session,
  file: string,
  done: string,
  isJson: boolean,
  isTakenOn: (view: DevicesView) => boolean,
): Promise<void> {
  const { say, terminal, language } = session
  const client = new ControlClient(loadAgentSettings(file, language).dataFolder)
  const answer = await client
    .call(devicesSchema, 'POST', CONTROL_PATHS.reloadDevices)
    .catch((error: unknown): ControlAnswer<DevicesView> | undefined => {
      if (error instanceof Failure && error.code === 'NOT_RUNNING') return undefined
      throw error
    })
  if (answer !== undefined && !isTakenOn(answer.value))
    throw new Failure('USAGE', say('devices.otherFile', { file }))
  const isRunning = answer !== undefined
  if (isJson) return printJson(session, { config: file, isRunning })
  terminal.print(done)
  terminal.say(say(isRunning ? 'devices.applied' : 'devices.fileOnly', { file }))
}
