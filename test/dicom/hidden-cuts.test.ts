import { expect, test } from '@jest/globals'
import { DataSetCheck } from '../../src/dicom/check/check-data-set.ts'
import { TAG, type Tag } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, writer } from './build-data-set.ts'

const WAYS = [
  { name: 'implicit VR', uid: TRANSFER_SYNTAX.ImplicitVRLittleEndian, ...writer(IMPLICIT_LITTLE) },
  { name: 'explicit VR', uid: TRANSFER_SYNTAX.ExplicitVRLittleEndian, ...writer(EXPLICIT_LITTLE) },
  { name: 'big endian', uid: TRANSFER_SYNTAX.ExplicitVRBigEndian, ...writer(EXPLICIT_BIG) },
]
type Way = (typeof WAYS)[number]

const PIXELS = [
  [TAG.PixelData, 'OW'],
  [TAG.FloatPixelData, 'OF'],
  [TAG.DoubleFloatPixelData, 'OD'],
] as const
const WAYS_AND_PIXELS = WAYS.flatMap((way) => PIXELS.map((element) => [way, element] as const))

function isCalledCut(bytes: Buffer, uid: string): boolean {
  const checked = new DataSetCheck(uid)
  checked.push(bytes)
  return checked.finish().includes('truncated')
}

/** The head of a CT slice of 8 by 8 pixels. */
function headOf({ name, element, item }: Way): [Tag, string, string | Buffer][] {
  const us = (value: number): Buffer => Buffer.from(name === 'big endian' ? [0, value] : [value, 0])
  return [
    [TAG.SOPClassUID, 'UI', '1.2.840.10008.5.1.4.1.1.2\0'],
    [TAG.SOPInstanceUID, 'UI', '1.2.826.0.1.9999.7.4'],
    [tagNamed('Manufacturer'), 'LO', 'INVENTED'],
    [
      TAG.ReferencedImageSequence,
      'SQ',
      item(element(TAG.ReferencedSOPInstanceUID, 'UI', '1.2.826.0.1.9999.666.1')),
    ],
    [tagOf(0x0009, 0x0010), 'LO', 'ACME 1'],
    [tagOf(0x0009, 0x1001), 'OB', 'private '],
    [TAG.PatientID, 'LO', 'PAT-1 '],
    [TAG.StudyInstanceUID, 'UI', '1.2.826.0.1.9999.7'],
    [TAG.SeriesInstanceUID, 'UI', '1.2.826.0.1.9999.7.2'],
    [TAG.Rows, 'US', us(8)],
    [TAG.Columns, 'US', us(8)],
    [TAG.BitsAllocated, 'US', us(16)],
  ]
}

/** A CT slice in which the length of one element reaches into its pixel data, for each element of its head. */
function* reachingIntoPixels(pixel: number): Generator<{ way: Way; tag: Tag; at: number; bytes: Buffer }> {
  for (const [way, [pixelTag, pixelVr]] of WAYS_AND_PIXELS) {
    const values = headOf(way)
    const elements = values.map((value) => way.element(...value))
    const pixels = way.element(pixelTag, pixelVr, Buffer.alloc(128, pixel))
    for (const [i, [tag, vr, value]] of values.entries()) {
      const after = Buffer.concat([...elements.slice(i + 1), pixels])
      // The other kinds of pixel data are looked for in the same way: some places are enough.
      for (let at = after.length - 128; at <= after.length; at += pixelTag === TAG.PixelData ? 2 : 16) {
        const wrong = way.element(tag, vr, value, value.length + at)
        yield {
          way,
          tag,
          at: at - after.length,
          bytes: Buffer.concat([...elements.slice(0, i), wrong, after]),
        }
      }
    }
  }
}

test('an image that is cut exactly where a wrong length ends is called cut', () => {
  for (const { way, tag, at, bytes } of reachingIntoPixels(0x5a)) {
    if (at === 0) continue
    const isCut = isCalledCut(bytes.subarray(0, at), way.uid)
    expect([way.name, tag.toString(16), at, isCut]).toEqual([way.name, tag.toString(16), at, true])
  }
})

test('an image whose wrong length ends within black pixels is called cut if it is, and not if it is whole', () => {
  for (const { way, tag, at, bytes } of reachingIntoPixels(0)) {
    const isCut = [0, 1, 2, 9, 31].map((missing) =>
      isCalledCut(bytes.subarray(0, bytes.length - missing), way.uid),
    )
    expect([way.name, tag.toString(16), at, isCut]).toEqual([
      way.name,
      tag.toString(16),
      at,
      [false, true, true, true, true],
    ])
  }
})

test('an object without pixel data is not called cut for an image within its last value', () => {
  for (const [way, [pixelTag, pixelVr]] of WAYS_AND_PIXELS) {
    const pixels = way.element(pixelTag, pixelVr, Buffer.alloc(128, 0x5a))
    const embedded = Buffer.concat([...headOf(way).map((value) => way.element(...value)), pixels])
    const head = Buffer.concat(
      headOf(way)
        .slice(0, 3)
        .map((value) => way.element(...value)),
    )
    const creator = way.element(tagOf(0x0029, 0x0010), 'LO', 'ACME 1')
    for (const last of [
      Buffer.concat([creator, way.element(tagOf(0x0029, 0x1001), 'OB', embedded)]),
      Buffer.concat([creator, way.element(tagOf(0x0029, 0x1001), 'UN', embedded)]),
      way.element(tagNamed('EncapsulatedDocument'), 'OB', embedded),
      way.element(TAG.IconImageSequence, 'SQ', way.item(embedded)),
    ])
      for (const zeros of [0, 8, 100]) {
        const whole = Buffer.concat([head, last, Buffer.alloc(zeros)])
        expect([way.name, zeros, isCalledCut(whole, way.uid)]).toEqual([way.name, zeros, false])
      }
  }
})
