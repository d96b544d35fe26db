import { z } from 'zod'
import { manifestInstanceSchema } from './manifest.ts'

/** Paths of the center's HTTPS interface (docs/protocol.md, "Center interface"). */
export const CENTER_PATHS = {
  health: '/v1/health',
  introduction: '/v1/introduction',
  join: '/v1/join',
  agent: '/v1/agent',
  keys: '/v1/keys',
  packs: '/v1/packs',
  manifests: '/v1/manifests',
  receipts: '/v1/receipts',
  holdings: '/v1/holdings',
  pacsChanges: '/v1/pacs-changes',
  heartbeat: '/v1/heartbeat',
} as const

/**
 * A header of GET agent: 32 hex digits that an agent draws at each start and keeps in memory only. If two values
 * alternate, two machines use one key.
 */
export const RUN_HEADER = 'ferry-run'

/** A header of answers to agents: the version of the center's program, for people. Strangers do not get it. */
export const VERSION_HEADER = 'ferry-version'

/** GET introduction: the center's signed key list, for an agent that knows only a join code. */
export const introductionSchema = z.strictObject({ rootKey: z.string(), jws: z.string() })

/** POST join: the token of a join code pays for a place in the waiting room for this key. */
export const joinRequestSchema = z.strictObject({
  token: z.string(),
  /** Ed25519 public key, base64url. */
  signingKey: z.string().length(43),
  /** The agent's name for itself, shown to the operator. */
  name: z.string().max(100),
})
export type JoinRequest = z.infer<typeof joinRequestSchema>

const agentStateSchema = z.enum(['pending', 'approved', 'revoked'])
export type AgentState = z.infer<typeof agentStateSchema>

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** A receipt in the chain of those to one agent: its number, and the digest of its JWS. */
const receiptLinkSchema = z.strictObject({ counter: z.int().positive(), digest: sha256 })
export type ReceiptLink = z.infer<typeof receiptLinkSchema>

/** Answer to POST join and GET agent. The others come once the agent is approved. */
export const agentAnswerSchema = z.strictObject({
  state: agentStateSchema,
  name: z.string(),
  keys: z.strictObject({ rootKey: z.string(), jws: z.string() }).optional(),
  /**
   * The newest receipt to this agent; null if there is none. If it is older than before, the register went back in
   * time.
   */
  chain: receiptLinkSchema.nullable().optional(),
  /**
   * Changes whenever instances that concern this agent were found lost at the center, or found again. Null while the
   * center's store is missing, so that the center does not know.
   */
  losses: z.int().nonnegative().nullable().optional(),
  /** True if two machines have used this agent's key within the last hour. */
  cloned: z.boolean().optional(),
})
export type AgentAnswer = z.infer<typeof agentAnswerSchema>

/**
 * The result of one member of a pack. 'stored': opened, digests recomputed and equal, stored durably. 'damaged': its
 * bytes changed on the way or in the spool; send it again. 'refused': sending the same bytes again cannot help.
 */
const memberAnswerSchema = z.strictObject({
  ulid: z.string(),
  state: z.enum(['stored', 'damaged', 'refused']),
  /** A failure code and its sentence, unless the member is stored. */
  code: z.string().optional(),
  reason: z.string().optional(),
})
export type MemberAnswer = z.infer<typeof memberAnswerSchema>

/**
 * GET packs/{id}/answer: 'processing' = ask again; 'damaged' = the head of the pack, which lists its members, was
 * damaged on the way: send all of it again; otherwise every member's answer.
 */
export const packAnswerSchema = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('processing') }),
  z.strictObject({ state: z.literal('damaged'), reason: z.string() }),
  z.strictObject({ state: z.literal('answered'), members: z.array(memberAnswerSchema) }),
])
export type PackAnswer = z.infer<typeof packAnswerSchema>

/** POST manifests: a receipt for all of it, or the instances (ULIDs) that the center does not hold as listed. */
export const manifestAnswerSchema = z.union([
  z.strictObject({ receipt: z.string() }),
  z.strictObject({ missing: z.array(z.string()).min(1) }),
])
export type ManifestAnswer = z.infer<typeof manifestAnswerSchema>

/** Maximum number of manifests, and of receipts, in one request. */
export const RECEIPTS_ASKED = 1000

/** POST receipts: digests of manifests for which the agent holds receipts, and digests of receipts. */
export const receiptsRequestSchema = z.strictObject({
  manifests: z.array(sha256).max(RECEIPTS_ASKED),
  receipts: z.array(sha256).max(RECEIPTS_ASKED),
})
export type ReceiptsRequest = z.infer<typeof receiptsRequestSchema>

/** Those manifests for which the center has given no receipt, and those receipts that it has not given. */
export const receiptsAnswerSchema = z.strictObject({ unknown: z.array(z.string()) })
export type ReceiptsAnswer = z.infer<typeof receiptsAnswerSchema>

/** POST pacs-changes: digests of manifests for which the agent holds receipts. */
export const pacsChangesRequestSchema = z.strictObject({
  manifests: z.array(sha256).max(RECEIPTS_ASKED),
})
export type PacsChangesRequest = z.infer<typeof pacsChangesRequestSchema>

/** The receipts whose studies have an instance with another PACS state since then. */
export const pacsChangesAnswerSchema = z.strictObject({ changed: z.array(z.string()) })
export type PacsChangesAnswer = z.infer<typeof pacsChangesAnswerSchema>

/** Maximum number of instances in one request. */
export const HOLDINGS_ASKED = 200

/** POST holdings: instances whose copies the agent is about to remove, in the form of a manifest. */
export const holdingsRequestSchema = z.strictObject({
  instances: z.array(manifestInstanceSchema).max(HOLDINGS_ASKED),
})
export type HoldingsRequest = z.infer<typeof holdingsRequestSchema>

/** ULIDs of those that the center does not hold at this moment, file included. */
export const holdingsAnswerSchema = z.strictObject({ missing: z.array(z.string()) })
export type HoldingsAnswer = z.infer<typeof holdingsAnswerSchema>

/** The body of every answer with a status of 400 or above: a failure code and its sentence. */
export const refusalSchema = z.strictObject({ code: z.string(), message: z.string() })
export type Refusal = z.infer<typeof refusalSchema>
