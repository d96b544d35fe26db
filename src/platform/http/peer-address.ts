import { isIP, isIPv6 } from 'node:net'

/** A dual-stack listener shows IPv4 peers as ::ffff:192.0.2.1 (RFC 4291 §2.5.5.2). */
export function withoutMappedPrefix(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

/**
 * Returns the address that counts as one peer for limits: an IPv4 address, or the /64 of an IPv6 address, in which one
 * host can give itself any number of addresses.
 */
export function peerGroup(address: string): string {
  const plain = withoutMappedPrefix(address)
  if (!isIPv6(plain)) return plain
  const [before = '', after] = (plain.split('%')[0] ?? '').split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length)
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  const plain = withoutMappedPrefix(address)
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}
