import {
  CONTROL_PATHS,
  callersChangedSchema,
  type DeviceView,
  devicesSchema,
} from '../../protocol/control-api.ts'
import type { ControlClient } from '../session/control-client.ts'
import type { Session } from '../session/session.ts'
import { listDevice } from './list-device.ts'
import type { Questions } from './questions.ts'

const LOOK_EVERY_MS = 500

interface Waiting {
  readonly file: string
  readonly client: ControlClient
  readonly questions: Questions
}

/** Waits for devices to call, tells who called, and lists those that the person wants. */
export async function waitForDevices(session: Session, waiting: Waiting): Promise<void> {
  const { terminal, say, clock, signal, language } = session
  const { file, client, questions } = waiting
  const since = clock.now()
  const told = new Set<string>()
  terminal.say(say('setup.echoNow'))
  for (;;) {
    const caller = await nextCaller(client, since, told)
    if (caller === undefined) {
      await clock.sleep(LOOK_EVERY_MS, signal)
      continue
    }
    const { callingAeTitle: aeTitle, peerAddress, state, name } = caller
    const address = peerAddress ?? ''
    told.add(keyOf(caller))
    if (state === 'known') terminal.say(say('setup.calledListed', { device: name ?? aeTitle, address }))
    else if (await questions.confirm(say('setup.called', { device: aeTitle, address }), true)) {
      const named = await questions.text(say('setup.askDeviceName'), aeTitle)
      await listDevice(file, { aeTitle, address, name: named }, language)
      await client.call(devicesSchema, 'POST', CONTROL_PATHS.reloadDevices)
      terminal.say(say('setup.listed', { device: named }))
    } else await ignore(client, aeTitle, address)
    if (!(await questions.confirm(say('setup.askMore'), false))) return
  }
}

const keyOf = ({ callingAeTitle, peerAddress }: DeviceView): string => `${callingAeTitle}@${peerAddress}`

/** A device that waits for a decision, also from before; or a listed one that has called meanwhile. */
async function nextCaller(
  client: ControlClient,
  since: number,
  told: ReadonlySet<string>,
): Promise<DeviceView | undefined> {
  const { value } = await client.call(devicesSchema, 'GET', CONTROL_PATHS.devices)
  return value.devices.find(
    (one) =>
      !told.has(keyOf(one)) &&
      (one.state === 'pending' || (one.state === 'known' && (one.lastSeenAt ?? 0) >= since)),
  )
}

async function ignore(client: ControlClient, aet: string, address: string): Promise<void> {
  const query = new URLSearchParams({ aet, address })
  await client.call(callersChangedSchema, 'POST', `${CONTROL_PATHS.ignoreCaller}?${query.toString()}`)
}
