import type { Finding } from '../../../dicom/check/check-findings.ts'
import type { Failure } from '../../../platform/failure.ts'
import type { Envelope, Trailer } from '../../../protocol/spool-file.ts'

/** Observations of an instance while it came in. */
export interface Observed {
  readonly findings: readonly Finding[]
  /** CHECK_HELD: it is not sent before a person has released it. */
  readonly hold?: Failure
  /** Since when, ms since 1970; left out: from now on. */
  readonly heldSince?: number
  /** The result of DisplayRecords.seal. */
  readonly display?: Buffer
}

/** A complete, data-synced spool file that waits to be accepted. */
export interface SealedInstance {
  path: string
  /** {@link SpoolWriter.syncsBegun}; a name of unknown age is synced in any case. */
  syncsBegun?: number
  envelope: Envelope
  trailer: Trailer
  /** Goes into the index with it; a file that was found in the spool has none. */
  observed?: Observed
}

/**
 * The result of accepting an instance. 'known': the same UID with the same bytes is here already, so the new file is not
 * wanted. 'conflict': the same UID came before with other bytes; both are kept.
 * 'healed': these bytes were here, and their file had gone bad; the new one takes its place.
 */
export type Acceptance = 'new' | 'known' | 'conflict' | 'healed'
