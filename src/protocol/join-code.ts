import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../platform/failure.ts'
import { parseJson } from './parse-json.ts'

const PREFIX = 'FERRY1-'

const joinCodeSchema = z.strictObject({
  /** The center's address, https://host:port. */
  url: z.url({ protocol: /^https$/ }),
  /** Fingerprint of the center's root key, hex. */
  center: z.string().regex(/^[0-9a-f]{64}$/),
  /** SHA-256 of the center's TLS SubjectPublicKeyInfo, base64url. */
  tlsPin: z.string().length(43),
  /** Works once. */
  token: z.string().min(22),
  /** ISO 8601; the center decides, this is for messages. */
  expiresAt: z.string(),
})

/** The code that the center's operator gives to the clinic: the center's address, its fingerprints, and a token to join with. */
export type JoinCode = z.infer<typeof joinCodeSchema>

/** `FERRY1-` base64url(JSON) `-` the first 6 hex digits of its SHA-256, so that a slip in copying is noticed. */
export function encodeJoinCode(code: JoinCode): string {
  const body = Buffer.from(JSON.stringify(code), 'utf8').toString('base64url')
  return `${PREFIX}${body}-${check(body)}`
}

/** Accepts a pasted code, white space and line breaks in it ignored. Throws JOIN_CODE_INVALID. */
export function parseJoinCode(text: string): JoinCode {
  const code = text.replace(/\s+/g, '')
  if (!code.startsWith(PREFIX)) {
    throw new Failure(
      'JOIN_CODE_INVALID',
      `reading the join code: it begins with ${PREFIX}, found ${JSON.stringify(code.slice(0, 12))}`,
    )
  }
  const body = code.slice(PREFIX.length, -7)
  if (code.at(-7) !== '-' || code.slice(-6) !== check(body)) {
    throw new Failure(
      'JOIN_CODE_INVALID',
      'reading the join code: it is not whole: copy all of it, from FERRY1- to the end',
    )
  }
  const json = Buffer.from(body, 'base64url').toString('utf8')
  return parseJson(json, joinCodeSchema, 'JOIN_CODE_INVALID', 'reading the join code')
}

const check = (body: string): string => createHash('sha256').update(body, 'ascii').digest('hex').slice(0, 6)
