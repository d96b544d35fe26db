import type { BlockList } from 'node:net'
import type { AssociationRequest } from '../../dimse/association/association.ts'
import { type AssociationRejection, REJECTION } from '../../dimse/association/association-rejection.ts'
import type { KnownAddresses } from '../../dimse/scp/listener-counts.ts'
import { addressRanges, isInRanges } from '../../platform/http/address-ranges.ts'
import { type IdentityDemand, type IdentityProblem, identityProblem } from './device-identity.ts'

/** An accepted device: its AE title is `aeTitle`, and it calls from one of `addresses`, if any are given. */
export interface Device extends IdentityDemand {
  readonly name: string
  readonly aeTitle: string
  /** IPv4 or IPv6 addresses or CIDR ranges; none = from anywhere. */
  readonly addresses: readonly string[]
  readonly kind?: string | undefined
  readonly room?: string | undefined
  /** Called AE titles that are answered for this device in addition to the listener's. */
  readonly calledAeTitles?: readonly string[] | undefined
  /** The address at which the device itself listens; its AE title defaults to `aeTitle`. */
  readonly dicom?:
    | { host: string; port: number; aeTitle?: string | undefined; tls?: boolean | undefined }
    | undefined
  /** True if the device reports its procedure steps by MPPS. */
  readonly procedureSteps?: boolean | undefined
  /** Time without an image after which it counts as silent; undefined: as all devices. */
  readonly silentAfterMs?: number | undefined
  readonly quirks?: Quirks | undefined
}

/** Exceptions for one device. */
interface Quirks {
  readonly transferSyntaxes?: readonly string[] | undefined
  readonly pduBytes?: number | undefined
  readonly characterSet?: string | undefined
  readonly instanceBytes?: number | undefined
  readonly reading?: 'lenient' | 'strict' | undefined
}

type Caller = Pick<AssociationRequest, 'callingAeTitle' | 'calledAeTitle' | 'peerAddress' | 'tls'>

/** The reason why a caller is turned away; its kind decides the advice to the operator. */
export interface CallerRefusal {
  readonly kind: 'unknown' | 'address' | 'called' | 'storage' | 'unjoined' | IdentityProblem['kind']
  /** Details by kind: the known addresses, the answered AE titles, or the fault of the storage. */
  readonly detail: string
  /** The full reason, in words. */
  readonly reason: string
  readonly rejection: AssociationRejection
}

export type Admission =
  | { admitted: true; device: Device | undefined }
  | { admitted: false; device: Device | undefined; refusal: CallerRefusal }

interface Register {
  readonly devices: readonly { device: Device; from: BlockList | undefined }[]
  readonly acceptUnknown: boolean
}

/** The accepted devices. The list can be replaced while devices call; open associations continue. */
export class DeviceList implements KnownAddresses {
  readonly #aeTitles: readonly string[]
  #register: Register

  /** `aeTitles`: called AE titles that are answered; `*` in the list means any. */
  constructor(devices: readonly Device[], acceptUnknown: boolean, aeTitles: readonly string[]) {
    this.#aeTitles = aeTitles
    this.#register = registerOf(devices, acceptUnknown)
  }

  get devices(): readonly Device[] {
    return this.#register.devices.map(({ device }) => device)
  }

  /** True if no device is listed with an address. */
  get isEmpty(): boolean {
    return this.#register.devices.every(({ from }) => from === undefined)
  }

  /** Returns true if a device is listed with this address; devices without addresses do not count. */
  has(peerAddress: string): boolean {
    return this.#register.devices.some(({ from }) => from !== undefined && isInRanges(from, peerAddress))
  }

  replace(devices: readonly Device[], acceptUnknown: boolean): void {
    this.#register = registerOf(devices, acceptUnknown)
  }

  admit(caller: Caller): Admission {
    const { callingAeTitle, calledAeTitle } = caller
    const device = this.find(caller)
    const misdialled = this.refuseCalled(calledAeTitle, device)
    if (misdialled !== undefined) return { admitted: false, device, refusal: misdialled }
    const problem = device && identityProblem(device, caller.tls)
    if (problem !== undefined) {
      const { kind, detail, reason } = problem
      return refuse(device, kind, detail, reason, REJECTION.callingAeNotRecognized)
    }
    if (device !== undefined) return { admitted: true, device }
    const namesakes = this.devices.filter(({ aeTitle }) => aeTitle === callingAeTitle)
    if (namesakes.length > 0) {
      const detail = namesakes.flatMap(({ addresses }) => addresses).join(', ')
      const reason = `the device list knows ${callingAeTitle} only from ${detail}`
      return refuse(namesakes[0], 'address', detail, reason, REJECTION.callingAeNotRecognized)
    }
    if (this.#register.acceptUnknown) return { admitted: true, device: undefined }
    const reason = `the device list has no AE title ${callingAeTitle}`
    return refuse(undefined, 'unknown', '', reason, REJECTION.callingAeNotRecognized)
  }

  /** Returns the reason why a call to this AE title is not answered; undefined if it is answered. */
  refuseCalled(calledAeTitle: string, device?: Device): CallerRefusal | undefined {
    const answered = [...this.#aeTitles, ...(device?.calledAeTitles ?? [])]
    if (answered.includes('*') || answered.includes(calledAeTitle)) return undefined
    const detail = answered.join(', ')
    const reason = `it called ${calledAeTitle}, and this is ${detail}`
    return { kind: 'called', detail, reason, rejection: REJECTION.calledAeNotRecognized }
  }

  /** Returns true if a listed device has this AE title. */
  lists(aeTitle: string): boolean {
    return this.devices.some((device) => device.aeTitle === aeTitle)
  }

  /** Returns the listed device with this AE title and address; undefined for a stranger. */
  find({ callingAeTitle, peerAddress }: Pick<Caller, 'callingAeTitle' | 'peerAddress'>): Device | undefined {
    const found = this.#register.devices.find(
      ({ device, from }) =>
        device.aeTitle === callingAeTitle && (from === undefined || isInRanges(from, peerAddress)),
    )
    return found?.device
  }

  /** Returns the only device that is listed with this address, for a caller that has not named itself. */
  onlyOneAt(peerAddress: string): Device | undefined {
    const there = this.#register.devices.filter(
      ({ from }) => from !== undefined && isInRanges(from, peerAddress),
    )
    return there.length === 1 ? there[0]?.device : undefined
  }
}

function refuse(
  device: Device | undefined,
  kind: CallerRefusal['kind'],
  detail: string,
  reason: string,
  rejection: AssociationRejection,
): Admission {
  return { admitted: false, device, refusal: { kind, detail, reason, rejection } }
}

function registerOf(devices: readonly Device[], acceptUnknown: boolean): Register {
  return {
    devices: devices.map((device) => ({
      device,
      from: device.addresses.length === 0 ? undefined : addressRanges(device.addresses),
    })),
    acceptUnknown,
  }
}
