import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** 32 MiB and some 100 ms for each guess (OWASP, Password Storage Cheat Sheet: N = 2^15, r = 8, p = 3). */
export const PASSWORD_COST = 15
const [BLOCKS, LANES] = [8, 3]
const STORED = /^\$scrypt\$ln=(\d{1,2}),r=8,p=3\$([\w+/=]+)\$([\w+/=]+)$/
const SALT_BYTES = 16
const KEY_BYTES = 32
/** Longer ones are refused before any work. */
const LONGEST_PASSWORD = 200
export const SHORTEST_PASSWORD = 10

/** No letter or digit that looks like another one. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'

const scryptKey = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** Returns the stored form of a password: `$scrypt$ln=15,r=8,p=3$SALT$HASH`, both in base64. `cost` is log2 of N. */
export async function hashPassword(password: string, cost = PASSWORD_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const key = await derive(password, salt, cost)
  return `$scrypt$ln=${cost},r=${BLOCKS},p=${LANES}$${salt.toString('base64')}$${key.toString('base64')}`
}

/**
 * Compares a password with its stored form, at the cost with which it was stored. For an account without any, `cost`
 * counts, so that the answer takes as long.
 */
export async function isPassword(
  password: string,
  stored: string | undefined,
  cost = PASSWORD_COST,
): Promise<boolean> {
  if (password.length > LONGEST_PASSWORD) return false
  const [, storedCost = cost, salt = '', hash = ''] = STORED.exec(stored ?? '') ?? []
  const wanted = Buffer.from(hash, 'base64')
  const key = await derive(password, Buffer.from(salt, 'base64'), Number(storedCost))
  return wanted.length === KEY_BYTES && timingSafeEqual(key, wanted)
}

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  const N = 2 ** cost
  // It takes 128 N r bytes (RFC 7914).
  return scryptKey(normalized(password), salt, KEY_BYTES, {
    N,
    r: BLOCKS,
    p: LANES,
    maxmem: 256 * N * BLOCKS,
  })
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
