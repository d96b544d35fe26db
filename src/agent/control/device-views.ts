import type { AgentStatus, DeviceView } from '../../protocol/control-api.ts'
import type { Device, DeviceList } from '../arrival/device-list.ts'
import { nameOfSopClass, nameOfTransferSyntax } from '../arrival/device-watch.ts'
import type { CallerKey, DeviceRecord } from '../queue/devices/device-records.ts'
import type { IgnoredCaller } from '../queue/devices/ignored-callers.ts'
import type { Sighting } from '../queue/devices/sightings.ts'

/** Number of strangers that are shown, the latest ones; a scan must not displace listed devices. */
const STRANGERS = 200

/** Problems that kept a caller from an association before the list of devices was asked. */
const BEFORE_THE_LIST: ReadonlySet<string> = new Set(['request', 'tls', 'foreign'])

interface DeviceSources {
  readonly list: DeviceList
  readonly sightings: readonly Sighting[]
  readonly records: readonly DeviceRecord[]
  readonly ignored: readonly IgnoredCaller[]
  /** For listed devices that have no time of their own. */
  readonly silentAfterMs: number
}

/** Returns every caller, the latest first, then the listed devices that have never called. */
export function deviceViews(sources: DeviceSources): DeviceView[] {
  const { list, sightings, records, ignored, silentAfterMs } = sources
  const recordOf = new Map(records.map((record) => [keyOf(record), record]))
  const seen = sightings.map((sighting) => {
    const { state, device, problem } = judge(sighting, recordOf.get(keyOf(sighting))?.problem ?? null, list)
    const isIgnored =
      (state === 'pending' || state === 'unnamed') && ignored.some((one) => fits(one, sighting))
    return {
      ...listed(device, silentAfterMs),
      ...recorded(recordOf.get(keyOf(sighting))),
      problem,
      ...sighting,
      state: isIgnored ? ('ignored' as const) : state,
    }
  })
  const called = new Set(sightings.map((sighting) => list.find(sighting)))
  const silent = list.devices.filter((device) => !called.has(device))
  let strangers = 0
  return [
    ...seen.filter(({ name, instances }) => name !== null || instances > 0 || strangers++ < STRANGERS),
    ...silent.map((device) => ({
      ...listed(device, silentAfterMs),
      ...recorded(undefined),
      ...NEVER,
      callingAeTitle: device.aeTitle,
    })),
  ]
}

const fits = ({ callingAeTitle, peerAddress }: IgnoredCaller, sighting: Sighting): boolean =>
  callingAeTitle === sighting.callingAeTitle &&
  (peerAddress === undefined || peerAddress === sighting.peerAddress)

interface Verdict {
  readonly state: Exclude<DeviceView['state'], 'ignored'>
  readonly device: Device | undefined
  readonly problem: DeviceView['problem']
}

/** Decides whether a caller would be accepted now, and its problem: the list may have changed since it called. */
function judge(sighting: Sighting, problem: DeviceView['problem'], list: DeviceList): Verdict {
  const { lastRejection, lastSeenAt, callingAeTitle } = sighting
  const wasTurnedAway = lastRejection !== null
  const isBeforeTheList = wasTurnedAway && problem !== null && BEFORE_THE_LIST.has(problem.kind)
  const admission = list.admit(sighting)
  const { device } = admission
  if (callingAeTitle === '' && device === undefined) return { state: 'unnamed', device, problem }
  if (isBeforeTheList && device !== undefined) return { state: 'refused', device, problem }
  if (admission.admitted || isBeforeTheList)
    return { state: admission.admitted ? 'known' : 'pending', device, problem }
  // A sighting does not contain how the connection was secured: only the call itself could judge that.
  const { kind, detail } = admission.refusal
  if (kind === 'plain' || kind === 'certificate')
    return { state: wasTurnedAway ? 'refused' : 'known', device, problem }
  const state = device === undefined ? 'pending' : 'refused'
  return { state, device, problem: { kind, detail, at: problem?.at ?? lastSeenAt } }
}

/** Lists the devices that have called, as the status shows them. */
export function sightedDevices(devices: readonly DeviceView[]): AgentStatus['devices'] {
  return devices.flatMap((device) => {
    const { state, name, kind, proposal, problem, lastInstance, silentAfterMs } = device
    const { callingAeTitle, calledAeTitle, peerAddress } = device
    const { firstSeenAt, lastSeenAt, associations, rejections, lastRejection } = device
    if (calledAeTitle === null || peerAddress === null || firstSeenAt === null || lastSeenAt === null)
      return []
    const known = { state, name, kind, proposal, problem, lastInstance, silentAfterMs }
    const seen = { firstSeenAt, lastSeenAt, associations, rejections, lastRejection }
    return [{ ...known, callingAeTitle, calledAeTitle, peerAddress, ...seen }]
  })
}

const keyOf = ({ callingAeTitle, peerAddress }: CallerKey): string =>
  JSON.stringify([callingAeTitle, peerAddress])

const NEVER = {
  state: 'known',
  calledAeTitle: null,
  peerAddress: null,
  firstSeenAt: null,
  lastSeenAt: null,
  associations: 0,
  rejections: 0,
  lastRejection: null,
} as const

function listed(
  device: Device | undefined,
  silentAfterMs: number,
): Pick<DeviceView, 'name' | 'kind' | 'room' | 'addresses' | 'silentAfterMs'> {
  return {
    silentAfterMs: device === undefined ? null : (device.silentAfterMs ?? silentAfterMs),
    name: device?.name ?? null,
    kind: device?.kind ?? null,
    room: device?.room ?? null,
    addresses: [...(device?.addresses ?? [])],
  }
}

function recorded(
  record: DeviceRecord | undefined,
): Pick<DeviceView, 'proposal' | 'instances' | 'bytes' | 'lastInstance' | 'problem'> {
  const last = record?.lastInstance
  return {
    proposal: record?.proposal ?? null,
    instances: record?.instances ?? 0,
    bytes: record?.bytes ?? 0,
    lastInstance: last
      ? {
          at: last.at,
          sopClass: nameOfSopClass(last.sopClassUid),
          transferSyntax: nameOfTransferSyntax(last.transferSyntaxUid),
        }
      : null,
    problem: record?.problem ?? null,
  }
}
