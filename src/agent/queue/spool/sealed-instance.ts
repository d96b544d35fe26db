import type { Finding } from '../../../dicom/check/check-findings.ts'
import type { Failure } from '../../../platform/failure.ts'
import type { Envelope, Trailer } from '../../../protocol/spool-file.ts'
import type { SegmentPlace } from '../segments/segment-log.ts'

/** Observations of an instance during its arrival. */
export interface Observed {
  readonly findings: readonly Finding[]
  /** CHECK_HELD: it is not sent until a person has released it. */
  readonly hold?: Failure
  /** Start of holding, ms since 1970; undefined means now. */
  readonly heldSince?: number
  /** The result of DisplayRecords.seal. */
  readonly display?: Buffer
}

/** A sealed instance whose data is on the disk, or is about to be. */
export interface SealedInstance {
  /** Undefined: a file of its own. */
  place?: SegmentPlace
  /** {@link SpoolWriter.syncsBegun}; a name of unknown age is synced in any case. */
  syncsBegun?: number
  envelope: Envelope
  trailer: Trailer
  /** Stored in the index with it; undefined for a file that was found in the spool. */
  observed?: Observed
}

/**
 * The result of accepting an instance. 'known': the same UID with the same bytes is already in the spool, so the new
 * file is not needed. 'conflict': the same UID arrived before with other bytes; both are kept. 'healed': the file with
 * these bytes was damaged; the new one replaces it.
 */
export type Acceptance = 'new' | 'known' | 'conflict' | 'healed'
