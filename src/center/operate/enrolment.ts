import { createHash, randomBytes } from 'node:crypto'
import { Failure } from '../../platform/failure.ts'
import type { JoinRequest } from '../../protocol/center-api.ts'
import { encodeJoinCode, joinToken, verifierOf } from '../../protocol/join-code.ts'
import { shortFingerprint, verifyKeyFromText } from '../../protocol/signing-key.ts'
import type { Agent, Invite, Register } from '../register/register.ts'

/** The part of a join code that describes the center. */
export interface AnnouncedCenter {
  readonly url: string
  /** The root key's fingerprint. */
  readonly center: string
}

export interface Invitation {
  readonly joinCode: string
  readonly expiresAt: number
}

/**
 * Makes a join code for one agent. Its token is stored as a digest only: a reader of the register cannot join with it.
 */
export async function invite(
  register: Register,
  address: AnnouncedCenter,
  terms: { name: string; lifeMs: number; now: number },
): Promise<Invitation> {
  const token = joinToken(randomBytes(13))
  const expiresAt = terms.now + terms.lifeMs
  await register.agents.addInvite({
    tokenSha256: digest(token),
    name: terms.name,
    createdAt: terms.now,
    expiresAt,
    isUsed: false,
  })
  const verifier = verifierOf(address.center)
  return { joinCode: encodeJoinCode({ url: address.url, verifier, token }), expiresAt }
}

/** Puts a key into the waiting room. Throws JOIN_CODE_INVALID for an invalid token. */
export async function join(register: Register, request: JoinRequest, now: number): Promise<Agent> {
  const key = verifyKeyFromText(request.signingKey)
  const tokenSha256 = digest(request.token)
  const agent = await register.agents.join({
    tokenSha256,
    kid: key.kid,
    publicKey: key.publicKey,
    ownName: request.name,
    now,
  })
  if (agent === undefined) {
    const why = whyNot(await register.agents.invite(tokenSha256), now)
    throw new Failure('JOIN_CODE_INVALID', `joining the center: ${why}: ask the center for a new one`)
  }
  return agent
}

/** Both times are shown: if a new code is at once too old, the center's clock was set in between. */
function whyNot(known: Invite | undefined, now: number): string {
  if (known === undefined) return 'it does not know the join code'
  if (known.isUsed) return 'the join code was used already'
  const [end, here] = [known.expiresAt, now].map((ms) => new Date(ms).toISOString().slice(0, 16))
  return `the join code was good until ${end} UTC, and it is ${here} UTC by the center's clock`
}

/**
 * Approves an agent. `fingerprint` is the whole text shown on its screen, or the whole fingerprint; throws
 * AGENT_UNKNOWN unless it identifies one agent, and AGENT_REVOKED for a revoked one.
 */
export async function approve(register: Register, fingerprint: string, now: number): Promise<Agent> {
  const agent = await findAgent(register, fingerprint, SHOWN_DIGITS)
  if (agent.state === 'revoked') {
    const what = 'its key was revoked: ferry-center unrevoke lets it in again'
    throw new Failure('AGENT_REVOKED', `approving ${agent.name}: ${what}`)
  }
  await register.agents.approve(agent.kid, now)
  return reread(register, agent)
}

/**
 * Shuts an agent out, from its next request on. A unique beginning of the fingerprint is enough, because this can be
 * undone.
 */
export async function revoke(register: Register, fingerprint: string, now: number): Promise<Agent> {
  const agent = await findAgent(register, fingerprint)
  await register.agents.revoke(agent.kid, now)
  return reread(register, agent)
}

/**
 * Undoes a revocation: the agent is approved, or waits for approval, as before. Throws AGENT_UNKNOWN as approve does.
 */
export async function unrevoke(register: Register, fingerprint: string): Promise<Agent> {
  const agent = await findAgent(register, fingerprint, SHOWN_DIGITS)
  await register.agents.unrevoke(agent.kid)
  return reread(register, agent)
}

/** Digits of a fingerprint that people compare; an attacker who makes many keys could match fewer digits. */
export const SHOWN_DIGITS = 20
/** Fewer digits than this could match by chance. */
const LEAST_DIGITS = 8

/** Returns the one agent whose fingerprint begins with this text. Throws AGENT_UNKNOWN. */
export async function findAgent(
  register: Register,
  fingerprint: string,
  leastDigits = LEAST_DIGITS,
): Promise<Agent> {
  const digits = fingerprintDigits(fingerprint)
  if (digits.length < leastDigits || !/^[0-9a-f]+$/.test(digits)) {
    throw new Failure(
      'AGENT_UNKNOWN',
      `finding an agent: ${leastDigits} hexadecimal digits or more of its fingerprint are needed, ` +
        `such as ${shortFingerprint('1a2b3c4d5e6f7a8b9c0d'.slice(0, leastDigits))}`,
    )
  }
  const agents = await register.agents.list()
  const found = agents.filter((agent) => agent.kid.startsWith(digits))
  const [agent] = found
  if (agent === undefined || found.length > 1) {
    const what = agent === undefined ? 'no agent has' : `${found.length} agents have`
    throw new Failure(
      'AGENT_UNKNOWN',
      `finding an agent: ${what} the fingerprint ${shortFingerprint(digits)}`,
    )
  }
  return agent
}

/** The hexadecimal digits of a fingerprint as people write it. */
export function fingerprintDigits(fingerprint: string): string {
  return fingerprint.toLowerCase().replace(/[\s-]/g, '')
}

async function reread(register: Register, agent: Agent): Promise<Agent> {
  return (await register.agents.find(agent.kid)) ?? agent
}

const digest = (token: string): string => createHash('sha256').update(token, 'utf8').digest('hex')
