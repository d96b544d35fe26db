import { BlockList, isIPv6 } from 'node:net'
import { withoutMappedPrefix } from './peer-address.ts'

/** Addresses and blocks of addresses, as settings name them: IPv4, IPv6 or CIDR. */
export function addressRanges(addresses: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of addresses) {
    const [address = '', bits] = text.split('/')
    if (bits === undefined) list.addAddress(address, family(address))
    else list.addSubnet(address, Number(bits), family(address))
  }
  return list
}

/** True if a peer's address is in the ranges. */
export function isInRanges(ranges: BlockList, peerAddress: string): boolean {
  const address = withoutMappedPrefix(peerAddress)
  return ranges.check(address, family(address))
}

const family = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4')
