import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../platform/clock.ts'
import { Failure, failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'
import { claimedAgent, verifyAccessToken } from '../../protocol/access-token.ts'
import { type VerifyKey, verifyKeyOf } from '../../protocol/signing-key.ts'
import { HttpRefusal } from '../http/http-answer.ts'
import type { Agent, Register } from '../register/register.ts'

const SEEN_EVERY_MS = 60_000
const TOKENS_KEPT = 10_000
const TOKEN_LIMIT_CHARACTERS = 2_000

/** Identifies the sender of a request. Remembers verified tokens, since an agent asks often. */
export class Authenticator {
  readonly #register: Register
  readonly #center: string
  readonly #clock: Clock
  /** Digest of a valid token → its end, on the monotonic clock: setting the clock back prolongs no token. */
  readonly #good = new Map<string, number>()
  readonly #log: Log
  #isNoting = true

  constructor(register: Register, center: string, clock: Clock, log: Log) {
    this.#register = register
    this.#center = center
    this.#clock = clock
    this.#log = log
  }

  /**
   * Returns the agent whose key signed the request's token, in any state. Throws AGENT_UNKNOWN, SIGNATURE_INVALID or
   * TOKEN_TIME. The key is looked up first: a stranger's token costs nothing.
   */
  async identify(request: IncomingMessage): Promise<Agent> {
    const token = bearerToken(request)
    const agent = await this.#register.agents.find(claimedAgent(token))
    if (agent === undefined) {
      throw new Failure(
        'AGENT_UNKNOWN',
        'checking an access token: this center does not know the agent: join it first',
      )
    }
    this.#verify(token, agent)
    await this.#note(agent)
    return agent
  }

  #verify(token: string, agent: Agent): void {
    const elapsedMs = this.#clock.monotonicMs()
    const digest = createHash('sha256').update(token, 'ascii').digest('base64')
    if ((this.#good.get(digest) ?? 0) > elapsedMs) return
    const now = this.#clock.now()
    const endsAt = verifyAccessToken(token, verifyKeyOf(agent.publicKey), this.#center, now)
    if (this.#good.size >= TOKENS_KEPT) this.#good.clear()
    this.#good.set(digest, elapsedMs + endsAt - now)
  }

  /**
   * A failed record of the last contact must not fail the request: a full disk must not keep an agent from its answer.
   */
  async #note(agent: Agent): Promise<void> {
    const now = this.#clock.now()
    if (Math.abs(now - (agent.lastSeenAt ?? 0)) < SEEN_EVERY_MS) return
    try {
      await this.#register.agents.seen(agent.kid, now)
      this.#isNoting = true
    } catch (error) {
      const { code, message } = failureFrom(error, 'DATABASE_ERROR', 'noting when an agent was seen')
      if (this.#isNoting)
        this.#log.warn('it is not written down when agents are seen', { code, reason: message })
      this.#isNoting = false
    }
  }
}

/**
 * Throws SIGNATURE_INVALID or TOKEN_TIME unless the request's token is signed by this key: only an agent that holds the
 * key in a join code can spend the code.
 */
export function checkPossession(
  request: IncomingMessage,
  key: VerifyKey,
  center: string,
  nowMs: number,
): void {
  verifyAccessToken(bearerToken(request), key, center, nowMs)
}

/**
 * Throws unless the center's operator has approved this agent. The state is read at every request, so a revocation
 * takes effect at once.
 */
export function checkApproved(agent: Agent): void {
  switch (agent.state) {
    case 'approved':
      return
    case 'revoked':
      throw new Failure('AGENT_REVOKED', 'checking the agent: the center has revoked its key')
    case 'pending':
      throw new HttpRefusal(
        403,
        'AGENT_UNKNOWN',
        "checking the agent: it waits for the center's operator to approve it",
      )
  }
}

function bearerToken(request: IncomingMessage): string {
  const token = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined || token.length > TOKEN_LIMIT_CHARACTERS) {
    throw new Failure('SIGNATURE_INVALID', 'checking an access token: the request has none')
  }
  return token
}
