import type { AgentStatus, DeviceView } from '../protocol/control-api.ts'
import type { Device, DeviceList } from './arrival/device-list.ts'
import { nameOfSopClass, nameOfTransferSyntax } from './arrival/device-watch.ts'
import type { CallerKey, DeviceRecord } from './queue/device-records.ts'
import type { Sighting } from './queue/watch-points.ts'

/** Every caller, the latest first, then the devices of the list that have never called. */
export function deviceViews(
  list: DeviceList,
  sightings: readonly Sighting[],
  records: readonly DeviceRecord[],
): DeviceView[] {
  const recordOf = new Map(records.map((record) => [keyOf(record), record]))
  const seen = sightings.map((sighting) => {
    const admission = list.admit(sighting)
    const state = admission.admitted ? 'known' : admission.device === undefined ? 'pending' : 'refused'
    return {
      ...listed(admission.device),
      ...recorded(recordOf.get(keyOf(sighting))),
      ...sighting,
      state,
    } as const
  })
  const called = new Set(sightings.map((sighting) => list.find(sighting)))
  const silent = list.devices.filter((device) => !called.has(device))
  return [
    ...seen,
    ...silent.map((device) => ({
      ...listed(device),
      ...recorded(undefined),
      ...NEVER,
      callingAeTitle: device.aeTitle,
    })),
  ]
}

/** Those that have called, as the status has them. */
export function sightedDevices(devices: readonly DeviceView[]): AgentStatus['devices'] {
  return devices.flatMap((device) => {
    const { state, name, proposal, problem, callingAeTitle, calledAeTitle, peerAddress } = device
    const { firstSeenAt, lastSeenAt, associations, rejections, lastRejection } = device
    if (calledAeTitle === null || peerAddress === null || firstSeenAt === null || lastSeenAt === null)
      return []
    const seen = { firstSeenAt, lastSeenAt, associations, rejections, lastRejection }
    return [{ state, name, proposal, problem, callingAeTitle, calledAeTitle, peerAddress, ...seen }]
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

function listed(device: Device | undefined): Pick<DeviceView, 'name' | 'kind' | 'room' | 'addresses'> {
  return {
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
