/*
 * Bech32 (BIP 173): a prefix in plain words, then bytes with a checksum that finds every change of up to four characters.
 * age lifts BIP 173's limit of 90 characters; the sum is taken over the lower-case form.
 */
const DIGITS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
const CHECKSUM_DIGITS = 6
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const

/** Lower-case Bech32 of `bytes` under `prefix`, which must be lower case itself. */
export function encodeBech32(prefix: string, bytes: Uint8Array): string {
  const data = toFiveBits(bytes)
  const sum = polymod([...expand(prefix), ...data, ...Array<number>(CHECKSUM_DIGITS).fill(0)]) ^ 1
  const checksum = Array.from({ length: CHECKSUM_DIGITS }, (_, i) => (sum >>> (5 * (5 - i))) & 31)
  return `${prefix}1${[...data, ...checksum].map((digit) => DIGITS.charAt(digit)).join('')}`
}

/**
 * The bytes of a Bech32 text under `prefix` (lower case), or undefined if it is anything else: mixed case, another
 * prefix, a character outside the alphabet, a wrong checksum, padding that is too long or not zero.
 */
export function decodeBech32(prefix: string, text: string): Buffer | undefined {
  const lower = text.toLowerCase()
  if (text !== lower && text !== text.toUpperCase()) return undefined
  // The separator is the last '1' (BIP 173): the alphabet has none.
  if (lower.slice(0, lower.lastIndexOf('1')) !== prefix) return undefined
  const digits = Array.from(lower.slice(prefix.length + 1), (character) => DIGITS.indexOf(character))
  if (digits.length < CHECKSUM_DIGITS || digits.includes(-1)) return undefined
  if (polymod([...expand(prefix), ...digits]) !== 1) return undefined
  return fromFiveBits(digits.slice(0, -CHECKSUM_DIGITS))
}

function expand(prefix: string): number[] {
  const codes = Array.from(prefix, (character) => character.charCodeAt(0))
  return [...codes.map((code) => code >>> 5), 0, ...codes.map((code) => code & 31)]
}

function polymod(values: readonly number[]): number {
  let sum = 1
  for (const value of values) {
    const top = sum >>> 25
    sum = ((sum & 0x1ffffff) << 5) ^ value
    for (const [bit, term] of GENERATOR.entries()) if ((top >>> bit) & 1) sum ^= term
  }
  return sum
}

function toFiveBits(bytes: Uint8Array): number[] {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{1,5}/g) ?? []).map((group) => Number.parseInt(group.padEnd(5, '0'), 2))
}

function fromFiveBits(digits: readonly number[]): Buffer | undefined {
  const bits = digits.map((digit) => digit.toString(2).padStart(5, '0')).join('')
  const padding = bits.slice(bits.length - (bits.length % 8))
  if (padding.length > 4 || padding.includes('1')) return undefined
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((group) => Number.parseInt(group, 2)))
}
