import { Failure } from '../../platform/failure.ts'
import { agentAnswerSchema, CENTER_PATHS, type ReceiptLink, RUN_HEADER } from '../../protocol/center-api.ts'
import type { SignedKeyList } from '../../protocol/key-list.ts'
import type { CenterClient } from './center-client.ts'

/** The center's answer to an agent that may send. */
export interface Welcome {
  keys: SignedKeyList
  /** The center's newest receipt to this agent; null if there is none. */
  chain: ReceiptLink | null
  /**
   * Changes whenever the center has found instances of this agent lost, or found them again; null while it cannot look
   * at its store.
   */
  losses: number | null
  /** True if another machine uses the same key. */
  cloned: boolean
}

/**
 * Asks the center for its view of this agent; `run` identifies this start of the agent. Throws AGENT_REVOKED or
 * AGENT_UNKNOWN if the center accepts nothing from it.
 */
export async function askAgent(client: CenterClient, run: string, signal: AbortSignal): Promise<Welcome> {
  const {
    state,
    keys,
    chain,
    losses,
    cloned = false,
  } = await client.json(agentAnswerSchema, {
    method: 'GET',
    path: CENTER_PATHS.agent,
    headers: { [RUN_HEADER]: run },
    signal,
  })
  switch (state) {
    case 'approved':
      if (keys !== undefined && chain !== undefined && losses !== undefined)
        return { keys, chain, losses, cloned }
      throw new Failure(
        'CENTER_ANSWER_INVALID',
        'asking the center: it approves, and names no keys, no receipts or no losses',
      )
    case 'pending':
      throw new Failure('AGENT_UNKNOWN', "asking the center: this agent waits for its operator's approval")
    case 'revoked':
      throw new Failure('AGENT_REVOKED', "asking the center: it has revoked this agent's key")
  }
}
