import { IMPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { tagNamed } from './tag-named.ts'

/** The request for storage commitment, and the report of success (PS3.4 §J.3.2, §J.3.3); Implicit VR Little Endian. */
export function commitmentDataSet(
  transactionUid: string,
  instances: readonly { sopClassUid: string; sopInstanceUid: string }[],
): Buffer {
  const { element, item } = writer(IMPLICIT_LITTLE)
  const uid = (keyword: string, value: string): Buffer =>
    element(tagNamed(keyword), 'UI', value.length % 2 === 0 ? value : `${value}\0`)
  const items = instances.map(({ sopClassUid, sopInstanceUid }) =>
    item(
      Buffer.concat([
        uid('ReferencedSOPClassUID', sopClassUid),
        uid('ReferencedSOPInstanceUID', sopInstanceUid),
      ]),
    ),
  )
  return Buffer.concat([
    uid('TransactionUID', transactionUid),
    element(tagNamed('ReferencedSOPSequence'), 'SQ', Buffer.concat(items)),
  ])
}
