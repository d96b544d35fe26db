import type { ChainedReceipt } from './receipts/receipt-chain.ts'

/**
 * One delivery is one instance on its way to one destination. 'delivered' is not yet safe: only the checked receipt
 * makes it 'confirmed'. 'held' waits for an operator.
 */
export type DeliveryState = 'queued' | 'sending' | 'delivered' | 'confirmed' | 'held'

/** 'open': instances arrive or are being sent. 'closed': a manifest is stored and its receipt is awaited. */
export type StudyState = 'open' | 'closed' | 'confirmed'

export interface StudyRow {
  destination: string
  studyInstanceUid: string
  state: StudyState
  firstArrivedAt: number
  lastArrivedAt: number
  version: number
  attempts: number
  nextAttemptAt: number
  reasonCode: string | null
  reason: string | null
  /**
   * The state at the PACS behind the center, from the newest receipts; 'partial' if only part of the study is meant for
   * the PACS.
   */
  pacs: string | null
  /** The time of the first receipt with this state. */
  pacsAt: number | null
  receiptedAt: number | null
  instances: number
  confirmed: number
  held: number
  conflicts: number
}

/** An open study that waits only for the end of its quiet time. */
export interface ReadyStudy {
  readonly studyInstanceUid: string
  readonly hasPriority: boolean
}

/** A part of the newest manifest of a study, whose receipt is awaited or is asked for again. */
export interface ManifestRow {
  studyInstanceUid: string
  version: number
  part: number
  digest: string
  attempts: number
  /** The state at the PACS, from the newest receipt; null until there is one. */
  pacs: string | null
}

export interface BelievedReceipt extends ChainedReceipt {
  readonly jws: string
}

/** The arrival of a verified receipt, and the state at the PACS in it. Times are ms since 1970. */
export interface Confirmation {
  /** Start of the retention of the copies, by the time of retention (settle/retention-clock.ts). */
  keptFrom: number
  at: number
  pacs: string
  /** The next time to ask whether the PACS has accepted everything. */
  pacsDueAt: number
}

/** The content of the next version of a study's manifest: instances that no receipt confirms yet. */
export interface ClosingStudy {
  version: number
  /** Digest of the last part of the previous version. */
  previousDigest: string | null
  heldCount: number
  /**
   * Number of instances that are delivered and not confirmed; another number at closing means that the study changed.
   */
  delivered: number
}

/** A signed part of a manifest. */
export interface ManifestPart {
  version: number
  part: number
  parts: number
  digest: string
  jws: string
}
