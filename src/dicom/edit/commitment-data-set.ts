import { Failure } from '../../platform/failure.ts'
import { encodingOf } from '../read/element-header.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { isInstanceUid, isUid } from '../vocabulary/uid.ts'
import { ElementList } from './data-set-tree.ts'
import { ServiceDataSet } from './service-data-set.ts'

/** Storage Commitment Push Model, and its one instance that requests and reports name (PS3.4 §J.3.5). */
export const COMMITMENT_SOP_CLASS_UID = '1.2.840.10008.1.20.1'
export const COMMITMENT_SOP_INSTANCE_UID = '1.2.840.10008.1.20.1.1'

/** An instance that a device asks about. */
export interface SopReference {
  readonly sopClassUid: string
  readonly sopInstanceUid: string
}

const TAGS = {
  ReferencedSopClassUid: TAG.ReferencedSOPClassUID,
  ReferencedSopInstanceUid: TAG.ReferencedSOPInstanceUID,
  TransactionUid: TAG.TransactionUID,
  FailureReason: TAG.FailureReason,
  FailedSopSequence: TAG.FailedSOPSequence,
  ReferencedSopSequence: TAG.ReferencedSOPSequence,
} as const satisfies Record<string, Tag>

/** The outcome for one instance: 0 = committed, otherwise the Failure Reason (PS3.3 §C.14.1.1). */
export type ReportedReference = SopReference & { readonly outcome: number }

/** Reads the Action Information of a request (PS3.4 §J.3.2.1); throws DATA_SET_UNREADABLE if a part is missing. */
export function readCommitmentRequest(
  dataSet: Buffer,
  transferSyntaxUid: string,
): { transactionUid: string; references: SopReference[] } {
  const asked = ServiceDataSet.read(dataSet, transferSyntaxUid)
  const transactionUid = asked.text(TAGS.TransactionUid)
  if (!isUid(transactionUid)) throw unusable('no usable Transaction UID')
  const references = asked.items(TAGS.ReferencedSopSequence).map((item) => ({
    sopClassUid: item.text(TAGS.ReferencedSopClassUid),
    sopInstanceUid: item.text(TAGS.ReferencedSopInstanceUid),
  }))
  if (references.length === 0) throw unusable('no referenced instances')
  for (const { sopClassUid, sopInstanceUid } of references)
    if (!isInstanceUid(sopClassUid) || !isInstanceUid(sopInstanceUid))
      throw unusable('a reference without usable UIDs')
  return { transactionUid, references }
}

/**
 * Writes the Event Information of a report, whose event type is 1 if all is committed, otherwise 2 (PS3.4 §J.3.3.1).
 */
export function writeCommitmentReport(
  transactionUid: string,
  references: readonly ReportedReference[],
  transferSyntaxUid: string,
): { typeId: 1 | 2; dataSet: Buffer } {
  const list = new ElementList(encodingOf(transferSyntax(transferSyntaxUid)))
  const committed = references.filter(({ outcome }) => outcome === 0)
  const failed = references.filter(({ outcome }) => outcome !== 0)
  setUid(list, TAGS.TransactionUid, transactionUid)
  setReferences(list, TAGS.FailedSopSequence, failed)
  setReferences(list, TAGS.ReferencedSopSequence, committed)
  return { typeId: failed.length === 0 ? 1 : 2, dataSet: Buffer.concat(list.write()) }
}

function setReferences(list: ElementList, tag: Tag, references: readonly ReportedReference[]): void {
  if (references.length === 0) return
  list.setSequence(
    tag,
    references.map(({ sopClassUid, sopInstanceUid, outcome }) => (item: ElementList): void => {
      setUid(item, TAGS.ReferencedSopClassUid, sopClassUid)
      setUid(item, TAGS.ReferencedSopInstanceUid, sopInstanceUid)
      if (outcome !== 0) item.set(TAGS.FailureReason, 'US', unsigned(outcome, item.encoding.littleEndian))
    }),
  )
}

function setUid(list: ElementList, tag: Tag, uid: string): void {
  list.set(tag, 'UI', Buffer.from(uid, 'latin1'), 0)
}

function unsigned(value: number, littleEndian: boolean): Buffer {
  return Buffer.from(littleEndian ? [value & 0xff, value >>> 8] : [value >>> 8, value & 0xff])
}

const unusable = (found: string): Failure =>
  new Failure('DATA_SET_UNREADABLE', `reading a request for storage commitment: ${found}`)
