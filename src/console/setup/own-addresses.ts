import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Returns the addresses at which devices reach this machine, IPv4 first. A listener with an address of its own has only
 * that one; on a machine without a network there is none.
 */
export function ownAddresses(listenerHost: string): string[] {
  if (!['0.0.0.0', '::', ''].includes(listenerHost)) return [listenerHost]
  const all = Object.values(networkInterfaces()).flatMap((one) => one ?? [])
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  const addresses = [...new Set(outside.map(({ address }) => address))]
  return [
    ...addresses.filter((address) => !isIPv6(address)),
    ...(listenerHost === '0.0.0.0' ? [] : addresses.filter(isIPv6)),
  ]
}
