import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** 32 MiB and some 100 ms for each guess (OWASP, Password Storage Cheat Sheet: N = 2^15, r = 8, p = 3). */
const LOG2_N = 15
const COST = { N: 2 ** LOG2_N, r: 8, p: 3, maxmem: 64 * 1024 * 1024 }
const SALT_BYTES = 16
const KEY_BYTES = 32
/** Longer ones are refused before any work. */
const LONGEST_PASSWORD = 200
export const SHORTEST_PASSWORD = 10

/** No letter or digit that looks like another one. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'

const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt)

/** Returns the stored form of a password: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, both in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(normalized(password), salt, KEY_BYTES, COST)
  return `$scrypt$ln=${LOG2_N},r=${COST.r},p=${COST.p}$${salt.toString('base64')}$${key.toString('base64')}`
}

/** Compares a password with its stored form; takes as long for one that is wrong, and for an account without any. */
export async function isPassword(password: string, stored: string | undefined): Promise<boolean> {
  if (password.length > LONGEST_PASSWORD) return false
  const [, , , salt = '', hash = ''] = (stored ?? '').split('$')
  const wanted = Buffer.from(hash, 'base64')
  const key = await derive(normalized(password), Buffer.from(salt, 'base64'), KEY_BYTES, COST)
  return wanted.length === KEY_BYTES && timingSafeEqual(key, wanted)
}

/** Returns true for a password that a person may choose. */
export function isAcceptable(password: string): boolean {
  return password.length >= SHORTEST_PASSWORD && password.length <= LONGEST_PASSWORD
}

/** Makes a first password: 20 letters and digits in groups of five, 100 bits. */
export function newPassword(): string {
  const letters = Array.from(randomBytes(20), (byte) => ALPHABET.charAt(byte % ALPHABET.length))
  return [0, 5, 10, 15].map((at) => letters.slice(at, at + 5).join('')).join('-')
}

/** Keyboards send the same letter in several forms. */
const normalized = (password: string): string => password.normalize('NFKC')
