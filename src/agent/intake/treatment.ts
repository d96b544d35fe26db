import type { DataSetHead } from '../../dicom/find/data-set-head.ts'
import type { StoreRequest } from '../../dimse/association/association.ts'
import type { Envelope } from '../../protocol/spool-file.ts'
import type { Ulid } from '../../protocol/ulid.ts'
import type { DeidAudit } from '../deidentify/rules/deid-audit.ts'
import type { NormalizationAudit } from '../normalize/normalization-audit.ts'

/** Changes a data set as it streams through; see DataSetEditor. */
export interface DataSetChange {
  push(chunk: Buffer): Buffer[]
  finish(): Buffer[]
  /** Transfer syntax of the output; valid once the first output bytes exist. */
  readonly transferSyntaxUid: string
}

/** SHA-256 (hex) of a copy. */
export interface CopyDigests {
  /** Digest of the data set as it came, only if another copy of the instance keeps it unchanged. */
  readonly before?: string
  /** Digest of the data set as it goes. */
  readonly after: string
}

/** The record of the changes of one copy, without values. */
export interface TreatmentRecord extends CopyDigests {
  readonly ulid: Ulid
  readonly route: string
  readonly deidentified?: DeidAudit
  readonly normalized?: NormalizationAudit
}

/** The treatment of an instance on one of its routes. */
export interface Treatment {
  /** The policy in the envelope: 'identified', or a profile's name. */
  readonly policy: string
  /** Its UIDs on this route. */
  readonly names: Pick<Envelope, 'sopInstanceUid' | 'studyInstanceUid' | 'seriesInstanceUid'>
  /** Undefined: byte for byte as it came. */
  readonly change: DataSetChange | undefined
  /** Resolves when all is on the disk that must be there before the copy is taken; called when all bytes have come. */
  readonly prepared?: () => Promise<void>
  /** Called when the copy is in the queue. */
  readonly taken?: (ulid: Ulid, digests: CopyDigests) => void
}

/** Twice the length that PS3.5 §9.1 allows: broken UIDs travel too, as long as an envelope can hold them. */
export const UID_LIMIT = 128

/** Returns the treatment of an instance that nothing is done to. */
export function asItCame({ sopInstanceUid }: StoreRequest, head: Readonly<DataSetHead>): Treatment {
  const studyInstanceUid = fitting(head.studyInstanceUid)
  const seriesInstanceUid = fitting(head.seriesInstanceUid)
  return {
    policy: 'identified',
    names: { sopInstanceUid, studyInstanceUid, seriesInstanceUid },
    change: undefined,
  }
}

const fitting = (uid = ''): string => (uid.length <= UID_LIMIT ? uid : '')
