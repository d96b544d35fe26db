import { loadAgentSettings } from '../../config/agent-settings.ts'
import { Failure } from '../../platform/failure.ts'
import { CONTROL_PATHS, type DeviceView, devicesSchema } from '../../protocol/control-api.ts'
import { ControlClient } from '../session/control-client.ts'
import { EXIT } from '../session/exit-codes.ts'
import { printJson, type Session } from '../session/session.ts'
import { deviceCommand } from '../views/caller-word.ts'
import { lastSentText } from '../views/devices-text.ts'
import { echoDevice, type ListedDevice } from './echo-device.ts'

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
  const echo = device?.dicom === undefined ? undefined : await echoDevice(session, settings, device)
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

const noAddress = (device: ListedDevice | undefined, named: string, { say }: Session): string =>
  device === undefined
    ? say('devices.test.notListed', {
        device: named,
        approve: deviceCommand('approve', { aeTitle: named, address: undefined }),
      })
    : say('devices.test.noAddress', { device: device.name })
