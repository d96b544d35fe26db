import { deflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { DataSetCheck } from '../../src/dicom/check/check-data-set.ts'
import type { Finding } from '../../src/dicom/check/check-findings.ts'
import { editDataSet } from '../../src/dicom/edit/data-set-editor.ts'
import { DataSetHeadScanner } from '../../src/dicom/find/data-set-head.ts'
import { DataSetSurvey } from '../../src/dicom/find/data-set-survey.ts'
import { DisplayReader } from '../../src/dicom/find/display-attributes.ts'
import { type Encoding, IMPLICIT_BIG_ENDIAN } from '../../src/dicom/read/element-header.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED, writer } from './build-data-set.ts'

const UNLISTED = ['1.2.840.113619.5.2', '1.2.840.10008.1.2.4.9990', '1.2.840.10008.1.2.77', '2.25.77']
const UIDS = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.826.0.1.9999.8.4',
  studyInstanceUid: '1.2.826.0.1.9999.8',
  seriesInstanceUid: '1.2.826.0.1.9999.8.2',
}
const WAYS: { name: string; encoding: Encoding }[] = [
  { name: 'explicit VR little endian', encoding: EXPLICIT_LITTLE },
  { name: 'implicit VR little endian', encoding: IMPLICIT_LITTLE },
  { name: 'explicit VR big endian', encoding: EXPLICIT_BIG },
  { name: 'implicit VR big endian', encoding: IMPLICIT_BIG_ENDIAN },
]
/** Elements that devices begin a data set with. */
const BEGINNINGS = ['group length', 'character set', 'image type', 'SOP class', 'instance creator'] as const

const even = (text: string, pad = '\0'): string => (text.length % 2 === 0 ? text : `${text}${pad}`)

function image(
  encoding: Encoding,
  begin: (typeof BEGINNINGS)[number] = 'character set',
  isEncapsulated = false,
): Buffer {
  const { element, item, sequenceEnd } = writer(encoding)
  const number = (value: number, bytes: 2 | 4): Buffer => {
    const buffer = Buffer.alloc(bytes)
    if (encoding.littleEndian) buffer.writeUIntLE(value, 0, bytes)
    else buffer.writeUIntBE(value, 0, bytes)
    return buffer
  }
  const pixels = isEncapsulated
    ? [
        element(TAG.PixelData, 'OB', '', UNDEFINED),
        item(Buffer.alloc(0)),
        item(Buffer.alloc(40, 7)),
        item(Buffer.alloc(2, 9)),
        sequenceEnd,
      ]
    : [element(TAG.PixelData, 'OW', Buffer.alloc(128, 7))]
  const first = {
    'group length': [
      element(tagOf(0x0008, 0x0000), 'UL', number(200, 4)),
      element(TAG.SpecificCharacterSet, 'CS', 'GB18030 '),
    ],
    'character set': [element(TAG.SpecificCharacterSet, 'CS', 'GB18030 ')],
    'image type': [element(TAG.ImageType, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL')],
    'instance creator': [element(tagNamed('InstanceCreatorUID'), 'UI', '1.2.3.45')],
    'SOP class': [],
  }[begin]
  return Buffer.concat([
    ...first,
    element(TAG.SOPClassUID, 'UI', even(UIDS.sopClassUid)),
    element(TAG.SOPInstanceUID, 'UI', even(UIDS.sopInstanceUid)),
    element(TAG.StudyDate, 'DA', '20240105'),
    element(TAG.Modality, 'CS', 'CT'),
    element(tagNamed('Manufacturer'), 'LO', 'Invented'),
    element(TAG.PatientName, 'PN', even('Miller^Anna', ' ')),
    element(TAG.PatientID, 'LO', 'A-77'),
    element(TAG.StudyInstanceUID, 'UI', even(UIDS.studyInstanceUid)),
    element(TAG.SeriesInstanceUID, 'UI', even(UIDS.seriesInstanceUid)),
    element(TAG.SamplesPerPixel, 'US', number(1, 2)),
    element(TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2 '),
    element(TAG.Rows, 'US', number(8, 2)),
    element(TAG.Columns, 'US', number(8, 2)),
    element(TAG.BitsAllocated, 'US', number(16, 2)),
    ...pixels,
  ])
}

/** In pieces of `size`, as a network brings it. */
function headOf(uid: string, bytes: Buffer, size = bytes.length): object {
  const scanner = new DataSetHeadScanner(uid)
  for (let at = 0; at < bytes.length; at += size) if (scanner.push(bytes.subarray(at, at + size))) break
  return scanner.head
}

function findingsOf(uid: string, bytes: Buffer, size = bytes.length): Finding[] {
  const check = new DataSetCheck(uid)
  for (let at = 0; at < bytes.length; at += size) check.push(bytes.subarray(at, at + size))
  return check.finish()
}

test('an element of odd length does not make one encoding look like another', () => {
  for (const { encoding } of WAYS) {
    const { element } = writer(encoding)
    const odd = element(TAG.SpecificCharacterSet, 'CS', 'GB18030')
    expect(headOf('2.25.77', Buffer.concat([odd, image(encoding, 'image type')]))).toMatchObject(UIDS)
  }
})

test.each(WAYS)('the head of a data set in an unlisted transfer syntax is read: $name', ({ encoding }) => {
  for (const uid of UNLISTED)
    for (const begin of BEGINNINGS)
      for (const isEncapsulated of [false, true]) {
        const bytes = image(encoding, begin, isEncapsulated)
        for (const size of [bytes.length, 1, 7, 8, 9]) {
          const head = headOf(uid, bytes, size)
          expect(head).toEqual({ ...UIDS, modality: 'CT' })
          expect(findingsOf(uid, bytes, size)).toEqual([])
        }
        const display = new DisplayReader(uid)
        display.push(bytes)
        expect(display.attributes()['patientId']?.text).toBe('A-77')
      }
})

test('the center finds an unlisted transfer syntax as readable as its agent does', async () => {
  for (const { encoding } of WAYS) {
    const bytes = image(encoding)
    const survey = new DataSetSurvey('1.2.840.113619.5.2')
    const scanner = new DataSetHeadScanner('1.2.840.113619.5.2')
    scanner.push(bytes)
    await survey.push(bytes)
    expect(await survey.finish(scanner.head)).toBeUndefined()
  }
})

test('a listed transfer syntax is still what its UID says', () => {
  const implicit = image(IMPLICIT_LITTLE)
  expect(headOf(TRANSFER_SYNTAX.ExplicitVRLittleEndian, implicit)).toHaveProperty('problem')
  expect(findingsOf(TRANSFER_SYNTAX.ExplicitVRLittleEndian, implicit)).toContain('transferSyntax')
  const big = image(EXPLICIT_BIG)
  expect(findingsOf(TRANSFER_SYNTAX.ExplicitVRLittleEndian, big)).toContain('transferSyntax')
})

test('an unlisted transfer syntax is never called the wrong one, and what does not parse is unreadable', () => {
  for (const uid of UNLISTED)
    for (const level of [0, 1, 9]) {
      const deflated = deflateRawSync(image(EXPLICIT_LITTLE), { level })
      expect(headOf(uid, deflated)).not.toHaveProperty('studyInstanceUid')
      expect(findingsOf(uid, deflated)).toEqual(['unreadable', 'uidMissing', 'patientMissing'])
    }
  for (const size of [0, 1, 4, 7])
    expect(findingsOf('2.25.77', Buffer.alloc(size, 0x41))).not.toContain('transferSyntax')
})

test('a data set in an unlisted transfer syntax that is cut in its pixel data is truncated', () => {
  for (const { encoding } of WAYS) {
    const bytes = image(encoding)
    expect(findingsOf('2.25.77', bytes.subarray(0, -20))).toContain('truncated')
  }
})

test('a probe is never believed for an edit, so nothing leaves without identity because of it', () => {
  const edits = { edit: () => {}, large: () => 'keep' as const }
  const bytes = image(EXPLICIT_LITTLE)
  for (const uid of UNLISTED) {
    expect(editDataSet(bytes, uid, edits)).toEqual(bytes)
    for (const other of [IMPLICIT_LITTLE, EXPLICIT_BIG, IMPLICIT_BIG_ENDIAN])
      expect(() => editDataSet(image(other), uid, edits)).toThrow('reading a data set')
  }
})
