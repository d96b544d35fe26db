import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../platform/failure.ts'

/**
 * 26 characters of Crockford base 32: 48 bits of time in ms, 80 random bits. Sorts by time; reveals nothing about a
 * patient.
 */
export type Ulid = string & { readonly __brand: 'Ulid' }

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A new ULID (github.com/ulid/spec). A clock before 1970 gives the time 0. */
export function newUlid(nowMs: number): Ulid {
  let time = ''
  for (let rest = Math.max(0, nowMs), i = 0; i < 10; i++, rest = Math.floor(rest / 32))
    time = DIGITS.charAt(rest % 32) + time
  let random = ''
  // 256 is a multiple of 32, so the low five bits of a random byte are uniform.
  for (const byte of randomBytes(16)) random += DIGITS.charAt(byte & 31)
  return parseUlid(time + random)
}

/** True for a text that is a canonical ULID: upper case, its time within 48 bits. */
export function isUlid(text: string): text is Ulid {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)
}

/** The time in a ULID, in ms since 1970. */
export function ulidTime(ulid: Ulid): number {
  let time = 0
  for (const digit of ulid.slice(0, 10)) time = time * 32 + DIGITS.indexOf(digit)
  return time
}

/** Parses a ULID from a person or a file. Throws USAGE. */
export function parseUlid(text: string): Ulid {
  if (!isUlid(text))
    throw new Failure('USAGE', `not a ULID: ${JSON.stringify(text)}, expected 26 letters and digits`)
  return text
}

/** A ULID in the output of another program. */
export const ulidSchema = z.custom<Ulid>(
  (value) => typeof value === 'string' && isUlid(value),
  'expected a ULID',
)
