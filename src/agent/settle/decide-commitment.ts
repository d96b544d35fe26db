import { isStorageSopClass } from '../../dicom/vocabulary/sop-class.ts'
import { isConfirmed, type ReferenceState } from '../queue/devices/commitments.ts'

/** How long to wait for an instance to arrive, and for the receipt of one that has. */
export interface Patience {
  readonly arrivalMs: number
  readonly receiptMs: number
}

/** 0 = committed, otherwise a Failure Reason of PS3.3 §C.14.1.1. */
export const OUTCOME = {
  Committed: 0x0000,
  ProcessingFailure: 0x0110,
  NoSuchObjectInstance: 0x0112,
  ClassInstanceConflict: 0x0119,
  ReferencedSopClassNotSupported: 0x0122,
} as const

/**
 * Decides the answer to the device about one instance at this moment; undefined means no answer yet. A device that gets
 * "success" may delete its own copy, so success needs the center's checked receipt.
 */
export function decideCommitment(
  reference: ReferenceState,
  waitedMs: number,
  { arrivalMs, receiptMs }: Patience,
): number | undefined {
  if (isConfirmed(reference)) return OUTCOME.Committed
  if (!isStorageSopClass(reference.sopClassUid)) return OUTCOME.ReferencedSopClassNotSupported
  if (reference.ofOtherClass > 0) return OUTCOME.ClassInstanceConflict
  if (reference.versions === 0) return waitedMs < arrivalMs ? undefined : OUTCOME.NoSuchObjectInstance
  return waitedMs < receiptMs ? undefined : OUTCOME.ProcessingFailure
}
