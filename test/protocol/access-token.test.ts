import { expect, test } from '@jest/globals'
import {
  claimedAgent,
  signAccessToken,
  TOKEN_LIFE_S,
  verifyAccessToken,
} from '../../src/protocol/access-token.ts'
import { signJws } from '../../src/protocol/jws.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'

const agent = newSigningKey()
const center = 'cd'.repeat(32)
const NOW_MS = Date.parse('2026-01-02T03:04:05Z')
const LIFE_MS = TOKEN_LIFE_S * 1000
const token = signAccessToken(agent, center, NOW_MS)
const failure = (code: string) => expect.objectContaining({ code })

test('a token names its agent before anything of it is believed', () => {
  expect(claimedAgent(token)).toBe(agent.kid)
})

test('a token holds from its making until its end, and as long again for clocks that differ', () => {
  for (const atMs of [NOW_MS - LIFE_MS, NOW_MS, NOW_MS + LIFE_MS, NOW_MS + 2 * LIFE_MS]) {
    expect(verifyAccessToken(token, agent, center, atMs)).toBe(NOW_MS + 2 * LIFE_MS)
  }
})

test('outside that time the refusal is about the clocks, and says how far they are apart', () => {
  for (const atMs of [NOW_MS - LIFE_MS - 1000, NOW_MS + 2 * LIFE_MS + 1000, 0]) {
    expect(() => verifyAccessToken(token, agent, center, atMs)).toThrow(failure('TOKEN_TIME'))
  }
  const tenDays = 10 * 24 * 3600
  expect(() => verifyAccessToken(token, agent, center, NOW_MS + tenDays * 1000)).toThrow(`${tenDays} s apart`)
})

test("another agent's token, one for another center, one that would never end, and one that ends before it begins are refused", () => {
  const iat = NOW_MS / 1000
  const claims = { iss: agent.kid, aud: center, iat, exp: iat + TOKEN_LIFE_S, jti: 'x' }
  const sign = (change: object): string => signJws('JWT', { ...claims, ...change }, agent)
  expect(verifyAccessToken(sign({}), agent, center, NOW_MS)).toBeGreaterThan(NOW_MS)
  for (const change of [
    { iss: newSigningKey().kid },
    { aud: 'ef'.repeat(32) },
    { exp: iat + 2 * TOKEN_LIFE_S },
    { exp: iat },
    { exp: iat - 1 },
    { exp: iat - TOKEN_LIFE_S },
    { iat: '1' },
  ]) {
    expect(() => verifyAccessToken(sign(change), agent, center, NOW_MS)).toThrow(failure('SIGNATURE_INVALID'))
  }
  expect(() => verifyAccessToken(token, newSigningKey(), center, NOW_MS)).toThrow(
    failure('SIGNATURE_INVALID'),
  )
})

test('two tokens of the same moment differ, so that one can be told from the other in a log', () => {
  expect(signAccessToken(agent, center, NOW_MS)).not.toBe(token)
})
