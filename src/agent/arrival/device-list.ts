import { BlockList, isIPv6 } from 'node:net'

/** A device that is let in: it calls itself `aeTitle`, and comes from one of `addresses` where any are given. */
export interface Device {
  readonly name: string
  readonly aeTitle: string
  /** IPv4 or IPv6 addresses or CIDR ranges; none = from anywhere. */
  readonly addresses: readonly string[]
}

/** Why a caller is not let in, for the operator. */
export type Admission = { admitted: true; device: Device | undefined } | { admitted: false; reason: string }

/** The plain allow-list of devices. */
export class DeviceList {
  readonly #devices: readonly { device: Device; from: BlockList | undefined }[]
  readonly #acceptUnknown: boolean

  constructor(devices: readonly Device[], acceptUnknown: boolean) {
    this.#devices = devices.map((device) => ({ device, from: ranges(device.addresses) }))
    this.#acceptUnknown = acceptUnknown
  }

  admit(callingAeTitle: string, peerAddress: string): Admission {
    const named = this.#devices.filter(({ device }) => device.aeTitle === callingAeTitle)
    const found = named.find(({ from }) => from === undefined || from.check(peerAddress, family(peerAddress)))
    if (found !== undefined) return { admitted: true, device: found.device }
    if (named.length > 0) {
      const expected = named.flatMap(({ device }) => device.addresses).join(', ')
      return { admitted: false, reason: `the device list knows ${callingAeTitle} only from ${expected}` }
    }
    if (this.#acceptUnknown) return { admitted: true, device: undefined }
    return { admitted: false, reason: `the device list has no AE title ${callingAeTitle}` }
  }
}

function ranges(addresses: readonly string[]): BlockList | undefined {
  if (addresses.length === 0) return undefined
  const list = new BlockList()
  for (const text of addresses) {
    const [address = '', bits] = text.split('/')
    if (bits === undefined) list.addAddress(address, family(address))
    else list.addSubnet(address, Number(bits), family(address))
  }
  return list
}

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4')
