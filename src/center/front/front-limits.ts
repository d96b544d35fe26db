import type { CrowdLimits } from '../../platform/http/crowd.ts'

/** Limits for connections of the center's front, before and after an approved agent's token came on them. */
export interface FrontLimits {
  /** Connections on which no approved agent's token was verified: in all, and from one address. */
  readonly strangers: CrowdLimits
  /** Connections of approved agents: in all, and of one agent. */
  readonly agents: CrowdLimits
  /** Time for a stranger from the connection to the end of the TLS handshake. */
  readonly handshakeMs: number
  /** From there to the whole header of its first request. */
  readonly headersMs: number
  /** From there to the verified token or the end of the connection: body, answer, and all later requests. */
  readonly requestMs: number
}

/**
 * On a line with 2 s of delay each way and 1 KiB/s a handshake takes 6 s, and a header waits for the bodies of other
 * connections: some 15 s. An agent has at most 16 uploads at once, and a few other requests. Many agents may share one
 * address; each needs a stranger's place for only a second. The places of one address and the grace bound the TLS
 * handshakes that it can ask for: 32 a second.
 */
export const DEFAULT_FRONT_LIMITS: FrontLimits = {
  strangers: { limit: 512, limitPerGroup: 64, graceMs: 2000 },
  agents: { limit: 3584, limitPerGroup: 64, graceMs: 2000 },
  handshakeMs: 20_000,
  headersMs: 30_000,
  requestMs: 30_000,
}

/** Descriptors reserved for packs, instances, the register, the PACS and the log. */
const OTHER_DESCRIPTORS = 512

/**
 * Lowers the limits if fewer descriptors may be open than connections: agents then get what strangers and files leave.
 */
export function withinDescriptors(limits: FrontLimits, descriptors: number): FrontLimits {
  const room = descriptors - OTHER_DESCRIPTORS
  if (room >= limits.strangers.limit + limits.agents.limit) return limits
  const strangers = Math.max(16, Math.min(limits.strangers.limit, Math.floor(room / 4)))
  return {
    ...limits,
    strangers: { ...limits.strangers, limit: strangers },
    agents: { ...limits.agents, limit: Math.max(64, room - strangers) },
  }
}
