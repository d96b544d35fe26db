import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { Failure } from '../platform/failure.ts'
import { claimedKid, signJws, verifyJws } from './jws.ts'
import { parseJson } from './parse-json.ts'
import type { SigningKey, VerifyKey } from './signing-key.ts'

/** Validity of a token; both clocks may differ by the same time in addition. */
export const TOKEN_LIFE_S = 300

const tokenSchema = z.looseObject({
  iss: z.string(),
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string(),
})

/**
 * Signs a JWT (RFC 7519) that identifies the agent of a request: `iss` = its key's fingerprint, `aud` = the center's.
 */
export function signAccessToken(key: SigningKey, center: string, nowMs: number): string {
  const iat = Math.floor(nowMs / 1000)
  const jti = randomBytes(12).toString('base64url')
  return signJws('JWT', { iss: key.kid, aud: center, iat, exp: iat + TOKEN_LIFE_S, jti }, key)
}

/** Returns the agent named in a token, so that its key can be looked up; nothing is verified yet. */
export const claimedAgent = claimedKid

/**
 * Throws SIGNATURE_INVALID, or TOKEN_TIME if only the time is wrong. Returns the end of its validity, ms since 1970.
 */
export function verifyAccessToken(token: string, agent: VerifyKey, center: string, nowMs: number): number {
  const payload = verifyJws('JWT', token, [agent])
  const { iss, aud, iat, exp } = parseJson(
    payload,
    tokenSchema,
    'SIGNATURE_INVALID',
    'reading an access token',
  )
  if (iss !== agent.kid || aud !== center || exp <= iat || exp - iat > TOKEN_LIFE_S) {
    throw new Failure(
      'SIGNATURE_INVALID',
      'checking an access token: it is not from this agent to this center',
    )
  }
  const now = nowMs / 1000
  if (now > exp + TOKEN_LIFE_S || now < iat - TOKEN_LIFE_S) {
    const apart = Math.round(Math.abs(now - iat))
    throw new Failure(
      'TOKEN_TIME',
      `checking an access token: the clocks of agent and center are ${apart} s apart`,
    )
  }
  return (exp + TOKEN_LIFE_S) * 1000
}
