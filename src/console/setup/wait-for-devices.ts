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

/** Waits for devices to call or for Enter, tells who called, and lists those that the person wants. */
export async function waitForDevices(session: Session, waiting: Waiting): Promise<void> {
  const { terminal, say, clock, language } = session
  const { file, client, questions } = waiting
  const since = clock.now()
  /** The time of the call that was told, by device. */
  const told = new Map<string, number>()
  terminal.say(say('setup.echoNow'))
  for (;;) {
    const caller = await callerOrEnter(session, waiting, (device) => isNews(device, since, told))
    if (caller === undefined) return
    const { callingAeTitle: aeTitle, peerAddress, state, name } = caller
    const address = peerAddress ?? ''
    told.set(keyOf(caller), caller.lastSeenAt ?? 0)
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

/** A device that waits for a decision, also from before; or a listed one that has called meanwhile, after what was told. */
function isNews(device: DeviceView, since: number, told: ReadonlyMap<string, number>): boolean {
  const { state, lastSeenAt } = device
  if (state !== 'pending' && state !== 'known') return false
  const from = told.get(keyOf(device)) ?? (state === 'pending' ? -1 : since - 1)
  return (lastSeenAt ?? 0) > from
}

/** Waits for a device; resolves to undefined if the person presses Enter first. */
async function callerOrEnter(
  { clock, signal }: Session,
  { client, questions }: Waiting,
  isWanted: (device: DeviceView) => boolean,
): Promise<DeviceView | undefined> {
  const over = new AbortController()
  const entered = questions.enter(over.signal).then(() => undefined)
  const called = async (): Promise<DeviceView> => {
    for (;;) {
      const { value } = await client.call(devicesSchema, 'GET', CONTROL_PATHS.devices)
      const caller = value.devices.find(isWanted)
      if (caller !== undefined) return caller
      await clock.sleep(LOOK_EVERY_MS, AbortSignal.any([signal, over.signal]))
    }
  }
  try {
    return await Promise.race([called(), entered])
  } finally {
    over.abort()
    // The keyboard is free for the next question.
    await entered.catch(() => {})
  }
}

async function ignore(client: ControlClient, aet: string, address: string): Promise<void> {
  const query = new URLSearchParams({ aet, address })
  await client.call(callersChangedSchema, 'POST', `${CONTROL_PATHS.ignoreCaller}?${query.toString()}`)
}
