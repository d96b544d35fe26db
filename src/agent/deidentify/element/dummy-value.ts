import type { ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import { type DataElement, ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { withLength } from '../../../dicom/edit/write-element.ts'
import type { ElementToken } from '../../../dicom/read/data-set-token.ts'
import type { Encoding } from '../../../dicom/read/element-header.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'

/** A meaningless value of each VR, for attributes that must have one (PS3.15 §E.3, action D). ASCII. */
const DUMMIES: Readonly<Record<string, string>> = {
  AE: 'ANONYMIZED',
  AS: '000D',
  CS: 'ANONYMIZED',
  DA: '19000101',
  DS: '0',
  DT: '19000101000000',
  IS: '0',
  LO: 'ANONYMIZED',
  LT: 'ANONYMIZED',
  PN: 'ANONYMIZED',
  SH: 'ANONYMIZED',
  ST: 'ANONYMIZED',
  TM: '000000',
  UC: 'ANONYMIZED',
  UR: 'urn:anonymized',
  UT: 'ANONYMIZED',
}

/** Bytes of one value of the binary VRs. */
const BINARY_BYTES: Readonly<Record<string, number>> = {
  AT: 4,
  FD: 8,
  FL: 4,
  OB: 2,
  OD: 8,
  OF: 4,
  OL: 4,
  OV: 8,
  OW: 2,
  SL: 4,
  SS: 2,
  SV: 8,
  UL: 4,
  UN: 2,
  US: 2,
  UV: 8,
}

/** Returns the dummy's bytes: text, or zeros for the binary VRs. */
export function dummyValue(vr: string): Buffer {
  const text = DUMMIES[vr]
  return text === undefined ? Buffer.alloc(BINARY_BYTES[vr] ?? 2) : Buffer.from(text, 'latin1')
}

/** Passes the header with the dummy's length, then the dummy, and drops the value. */
export function dummyInPlace(element: ElementToken, encoding: Encoding): ValueTransform {
  const value = dummyValue(element.vr ?? 'OB')
  return {
    push: (token) =>
      token.kind === 'element' ? [withLength(token.bytes, token.vr, value.length, encoding), value] : [],
  }
}

/** Replaces a code sequence for a person or a place by one code that means "removed". */
export function oneDummyCode(sequence: DataElement): void {
  const made = new ElementList(sequence.itemEncoding)
  made.setSequence(sequence.tag, [
    (item) => {
      item.set(TAG.CodeValue, 'SH', Buffer.from('REMOVED'))
      item.set(TAG.CodingSchemeDesignator, 'SH', Buffer.from('99FERRY'))
      item.set(TAG.CodeMeaning, 'LO', Buffer.from('Removed'))
    },
  ])
  const items = made.elements[0]?.items ?? []
  sequence.items?.splice(0, sequence.items.length, ...items)
}
