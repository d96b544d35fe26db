import type { Match } from './wanted-trie.ts'

/** Line number reported for an identity card number that was found but not listed. */
const ID_CARD_LINE = 0

const NUMBER = /(?<!\d\0?)[1-9](?:\0?\d){16}\0?[\dXx](?!\0?\d)/g
/** 17 digits in a row, or with zeros between, show two of these bytes wherever one looks with this distance. */
const STRIDE = 16
const AROUND = 40

/** 18 digits with the right check character, in bytes or in UTF-16: a number of a resident identity card, whosever. */
export function findIdCards(bytes: Buffer, from: number, to: number): Match[] {
  const found = new Map<number, Match>()
  for (let at = from; at < to + STRIDE; at += STRIDE) {
    if (isNear(bytes[at], bytes[at + 1])) for (const match of around(bytes, at)) found.set(match.start, match)
  }
  return Array.from(found.values()).filter(({ start }) => start >= from && start < to)
}

function around(bytes: Buffer, at: number): Match[] {
  const first = Math.max(0, at - AROUND)
  return Array.from(bytes.toString('latin1', first, at + AROUND).matchAll(NUMBER))
    .filter(({ 0: number }) => isIdCard(number.replaceAll('\0', '')))
    .map(({ 0: number, index }) => {
      const start = first + index
      return { line: ID_CARD_LINE, start, end: start + number.length }
    })
}

/** Two digits, or one and the other half of a UTF-16 unit. */
function isNear(byte: number | undefined, next: number | undefined): boolean {
  if (isDigit(byte)) return next === 0 || isDigit(next)
  return byte === 0 && isDigit(next)
}

const isDigit = (byte = 0): boolean => byte >= 0x30 && byte <= 0x39

/** ISO 7064, MOD 11-2: the sum of all digits by powers of two, the check character among them, leaves 1. */
function isIdCard(number: string): boolean {
  const [month, day] = [Number(number.slice(10, 12)), Number(number.slice(12, 14))]
  if (!/^.{6}(?:18|19|20)/.test(number) || month < 1 || month > 12 || day < 1 || day > 31) return false
  const values = Array.from(number, (digit) => (/x/i.test(digit) ? 10 : Number(digit)))
  return values.reduce((sum, value, i) => sum + value * 2 ** (17 - i), 0) % 11 === 1
}
