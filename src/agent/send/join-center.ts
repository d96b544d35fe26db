import { backoffMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import { type AgentAnswer, agentAnswerSchema, CENTER_PATHS } from '../../protocol/center-api.ts'
import type { JoinCode } from '../../protocol/join-code.ts'
import { CenterAccount } from './center-account.ts'
import { CenterClient } from './center-client.ts'
import { introduceCenter } from './introduce-center.ts'

const FIRST_ASK_MS = 200
const LAST_ASK_MS = 5000

export interface JoinCenterOptions {
  dataFolder: string
  code: JoinCode
  /** The name that the center's operator sees. */
  name: string
  clock: Clock
  /** Whether a new key is made in a folder whose key is lost. */
  isNewWanted?: boolean
  /** The center has taken the token and waits for its operator to approve this fingerprint. */
  onPending: (fingerprint: string) => void
  /** Called if the agent's key was lost and this is its new identity: the center must approve it as a new agent. */
  onNewKey?: (fingerprint: string) => void
  signal?: AbortSignal
}

/** The agent's fingerprint, the center's name, and the fingerprint of its root key. */
export interface Joined {
  fingerprint: string
  center: string
  centerFingerprint: string
}

/**
 * Joins a center: the agent's key is made here and never leaves; the center proves to have the root key that the join
 * code names; the token of the code buys a place in the waiting room; the operator approves the fingerprint; then the center's address and its signed key list are stored in one step.
 * Until then nothing has changed, and an earlier enrolment stays in force. Can be repeated after a break. Throws
 * AGENT_KEY_LOST if the folder had a key, unless `isNewWanted`.
 */
export async function joinCenter(joining: JoinCenterOptions): Promise<Joined> {
  const { dataFolder, code, name, clock, isNewWanted, onPending, signal } = joining
  const { account, isNewKey } = await CenterAccount.openToJoin(dataFolder, { isNewWanted })
  if (isNewKey) joining.onNewKey?.(account.signingKey.kid)
  const { url } = code
  const { keys, tlsPin } = await introduceCenter(code, clock, signal)
  const { center } = keys
  await using client = new CenterClient({
    url,
    center,
    pins: () => keys.tlsPins,
    signingKey: account.signingKey,
    clock,
  })
  const body = JSON.stringify({
    token: code.token,
    signingKey: account.signingKey.publicKey.toString('base64url'),
    name,
  })
  const headers = { 'content-type': 'application/json' }
  let answer = await client.json(agentAnswerSchema, {
    method: 'POST',
    path: CENTER_PATHS.join,
    headers,
    body,
    signal,
  })
  if (answer.state === 'pending') onPending(account.signingKey.kid)
  for (let asked = 0; answer.state === 'pending'; asked++) {
    await clock.sleep(backoffMs(asked, FIRST_ASK_MS, LAST_ASK_MS), signal)
    answer = await client.json(agentAnswerSchema, { method: 'GET', path: CENTER_PATHS.agent, signal })
  }
  await account.enrol({ url, center, tlsPin }, keysOf(answer))
  const { centerName } = account.keyList()
  return { fingerprint: account.signingKey.kid, center: centerName, centerFingerprint: center }
}

function keysOf({ state, keys }: AgentAnswer): NonNullable<AgentAnswer['keys']> {
  if (state === 'approved' && keys !== undefined) return keys
  throw new Failure('AGENT_REVOKED', 'joining the center: it has refused this agent; ask its operator')
}
