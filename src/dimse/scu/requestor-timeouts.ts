/** Time limits for a peer that we asked for an association. */
export interface RequestorTimeouts {
  readonly connectMs: number
  /** From the connection to the answer to A-ASSOCIATE-RQ. */
  readonly associateMs: number
  /** Maximum time without progress while we send. */
  readonly sendMs: number
  /** From the last byte of a request to its response: a PACS may be slow to store. */
  readonly responseMs: number
  readonly releaseMs: number
}

export const DEFAULT_TIMEOUTS: RequestorTimeouts = {
  connectMs: 15_000,
  associateMs: 30_000,
  sendMs: 60_000,
  responseMs: 300_000,
  releaseMs: 5_000,
}
