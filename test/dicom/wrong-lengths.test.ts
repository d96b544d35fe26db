import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { DataSetCheck } from '../../src/dicom/check/check-data-set.ts'
import type { Finding } from '../../src/dicom/check/check-findings.ts'
import { DataSetHeadScanner } from '../../src/dicom/find/data-set-head.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED, writer } from './build-data-set.ts'

const UIDS = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.826.0.1.9999.7.4',
  studyInstanceUid: '1.2.826.0.1.9999.7',
  seriesInstanceUid: '1.2.826.0.1.9999.7.2',
}
const WAYS = [
  { name: 'implicit VR', uid: TRANSFER_SYNTAX.ImplicitVRLittleEndian, ...writer(IMPLICIT_LITTLE) },
  { name: 'explicit VR', uid: TRANSFER_SYNTAX.ExplicitVRLittleEndian, ...writer(EXPLICIT_LITTLE) },
]
type Way = (typeof WAYS)[number]

const gbk = (text: string): Buffer => {
  const bytes = iconv.encode(text, 'gb18030')
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(' ')])
}
const us = (value: number): Buffer => Buffer.from([value & 0xff, value >>> 8])
const even = (uid: string): string => (uid.length % 2 === 0 ? uid : `${uid}\0`)

/** Text elements of a head in which Chinese devices write Chinese, with the VR and an invented value. */
const TEXTS = [
  [TAG.InstitutionName, 'LO', '城北镇卫生院影像科'],
  [tagNamed('InstitutionAddress'), 'ST', '滨江路三号楼二层'],
  [TAG.StudyDescription, 'LO', '胸部平扫'],
  [tagNamed('InstitutionalDepartmentName'), 'LO', '放射科'],
  [tagNamed('SeriesDescription'), 'LO', '肺窗薄层重建'],
  [TAG.PatientName, 'PN', '陈^小明'],
  [TAG.PatientAddress, 'LO', '滨江路三号'],
  [tagNamed('ProtocolName'), 'LO', '胸部常规'],
] as const

/** Lengths that a device wrote for a text: right, in characters, or a number of its own. */
type Wrong = 'right' | 'characters' | { readonly stated: number }

interface Shape {
  readonly way: Way
  /** For each text. */
  readonly lengths: readonly Wrong[]
  readonly pixelBytes: number
}

/** A whole CT slice, and where its pixel data begins. */
function image({ way, lengths, pixelBytes }: Shape): { bytes: Buffer; pixelsAt: number } {
  const { element } = way
  const others: [number, string, string | Buffer][] = [
    [TAG.SpecificCharacterSet, 'CS', 'GB18030 '],
    [TAG.SOPClassUID, 'UI', even(UIDS.sopClassUid)],
    [TAG.SOPInstanceUID, 'UI', even(UIDS.sopInstanceUid)],
    [TAG.StudyDate, 'DA', '20240105'],
    [TAG.Modality, 'CS', 'CT'],
    [tagNamed('Manufacturer'), 'LO', 'INVENTED'],
    [TAG.PatientID, 'LO', 'PAT-1 '],
    [TAG.PatientBirthDate, 'DA', '19700131'],
    [TAG.StudyInstanceUID, 'UI', even(UIDS.studyInstanceUid)],
    [TAG.SeriesInstanceUID, 'UI', even(UIDS.seriesInstanceUid)],
    [tagNamed('StudyID'), 'SH', '1 '],
    [tagNamed('InstanceNumber'), 'IS', '12'],
    [TAG.SamplesPerPixel, 'US', us(1)],
    [TAG.Rows, 'US', us(8)],
    [TAG.Columns, 'US', us(pixelBytes / 16)],
    [TAG.BitsAllocated, 'US', us(16)],
  ]
  const texts = TEXTS.map(([tag, vr, text], i) => {
    const value = gbk(text)
    const wrong = lengths[i] ?? 'right'
    const length = wrong === 'right' ? value.length : wrong === 'characters' ? text.length : wrong.stated
    return { tag, bytes: element(tag, vr, value, length) }
  })
  const plain = others.map(([tag, vr, value]) => ({ tag, bytes: element(tag, vr, value) }))
  const head = [...texts, ...plain].toSorted((a, b) => a.tag - b.tag).map(({ bytes }) => bytes)
  const pixels = element(TAG.PixelData, 'OW', Buffer.alloc(pixelBytes, 0x5a))
  const before = Buffer.concat(head)
  return { bytes: Buffer.concat([before, pixels]), pixelsAt: before.length }
}

function check(bytes: Buffer, uid: string, chunk = bytes.length): Finding[] {
  const checked = new DataSetCheck(uid)
  for (let at = 0; at < bytes.length; at += chunk) checked.push(Buffer.from(bytes.subarray(at, at + chunk)))
  return checked.finish()
}

function headOf(bytes: Buffer, uid: string, chunk = bytes.length) {
  const scanner = new DataSetHeadScanner(uid)
  for (let at = 0; at < bytes.length; at += chunk) scanner.push(Buffer.from(bytes.subarray(at, at + chunk)))
  return scanner.head
}

const wrong = (way: Way): fc.Arbitrary<Wrong> =>
  fc.oneof(
    fc.constant<Wrong>('right'),
    fc.constant<Wrong>('characters'),
    // Not long enough to end where another element ends: such a length cannot be told from a right one.
    fc.integer({ min: 0, max: 7 }).map((half) => ({ stated: half * 2 })),
    way.name === 'implicit VR'
      ? fc.constantFrom(0x0001_0000, 0x7fff_fffe, 0x0100_0004, 0xffff_fffe).map((stated) => ({ stated }))
      : fc.constantFrom(0x2000, 0xfffe).map((stated) => ({ stated })),
  )
/** Printed if a case fails. */
const describeShape = ({ way, lengths, pixelBytes }: Shape): string =>
  `${way.name}, lengths ${JSON.stringify(lengths)}, ${pixelBytes} bytes of pixel data`

const shape: fc.Arbitrary<Shape> = fc.constantFrom(...WAYS).chain((way) =>
  fc.record({
    way: fc.constant(way),
    lengths: fc.array(wrong(way), { minLength: TEXTS.length, maxLength: TEXTS.length }),
    pixelBytes: fc.constantFrom(64, 1024, 100_000),
  }),
)

test.each(WAYS)(
  'lengths that count characters in $name lose no identifier, and the image is not cut',
  (way) => {
    const { bytes } = image({ way, lengths: TEXTS.map(() => 'characters'), pixelBytes: 1024 })
    for (const chunk of [5, 64, bytes.length]) {
      expect(headOf(bytes, way.uid, chunk)).toMatchObject({ ...UIDS, modality: 'CT' })
      expect(check(bytes, way.uid, chunk)).toContain('unreadable')
      expect(check(bytes, way.uid, chunk)).not.toContain('truncated')
    }
  },
)

test('however lengths of texts are wrong, a whole image is not called cut, and its identifiers are found', () => {
  fc.assert(
    fc.property(shape, fc.constantFrom(16, 1000, 200_000), (one, chunk) => {
      const { bytes } = image(one)
      const found = { shape: describeShape(one), findings: check(bytes, one.way.uid, chunk) }
      expect({ ...found, isCut: found.findings.includes('truncated') }).toEqual({ ...found, isCut: false })
      expect({ ...headOf(bytes, one.way.uid, chunk), ...found }).toMatchObject({ ...UIDS, ...found })
    }),
    { numRuns: propertyRuns(2000) },
  )
})

test('however lengths of texts are wrong, an image that is cut within its pixel data is called cut', () => {
  fc.assert(
    fc.property(shape, fc.double({ min: 0, max: 0.999, noNaN: true }), (one, where) => {
      const { bytes, pixelsAt } = image(one)
      const begin = pixelsAt + 14
      const cut = bytes.subarray(0, begin + Math.floor(where * (bytes.length - begin)))
      const findings = check(cut, one.way.uid)
      expect([describeShape(one), cut.length - begin, findings, findings.includes('truncated')]).toContain(
        true,
      )
    }),
    { numRuns: propertyRuns(2000) },
  )
})

test('an image that is cut where a nested element ends is called cut', () => {
  for (const { name, uid, element, item } of WAYS) {
    const icon = Buffer.concat([
      element(TAG.Rows, 'US', us(2)),
      element(TAG.Columns, 'US', us(2)),
      element(TAG.BitsAllocated, 'US', us(8)),
      element(TAG.PixelData, 'OW', Buffer.alloc(4, 9)),
    ])
    const sequence = element(TAG.IconImageSequence, 'SQ', item(icon))
    const before = Buffer.concat([
      element(TAG.SOPClassUID, 'UI', even(UIDS.sopClassUid)),
      element(TAG.SOPInstanceUID, 'UI', even(UIDS.sopInstanceUid)),
      element(TAG.Rows, 'US', us(8)),
    ])
    const whole = Buffer.concat([before, sequence, element(TAG.PixelData, 'OW', Buffer.alloc(64, 0x5a))])
    expect([name, check(whole, uid).includes('truncated')]).toEqual([name, false])
    const end = before.length + sequence.length
    for (let cut = before.length + 8; cut < end; cut++)
      expect([name, cut, check(whole.subarray(0, cut), uid).includes('truncated')]).toEqual([name, cut, true])
  }
})

test('zeros within a data set hide no identifier', () => {
  for (const way of WAYS) {
    const { bytes } = image({ way, lengths: [], pixelBytes: 64 })
    for (const zeros of [8, 10, 128, 512]) {
      const hole = bytes.indexOf(way.element(TAG.StudyInstanceUID, 'UI', '').subarray(0, 4))
      for (const at of [0, hole]) {
        const holed = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(zeros), bytes.subarray(at)])
        expect([way.name, zeros, at, headOf(holed, way.uid)]).toMatchObject([way.name, zeros, at, UIDS])
      }
    }
  }
})

test('a whole DICOM file that was sent as the data set is filed under its own identifiers', () => {
  for (const way of WAYS) {
    const { bytes } = image({ way, lengths: [], pixelBytes: 64 })
    const meta = writer(EXPLICIT_LITTLE).element(tagNamed('TransferSyntaxUID'), 'UI', even(way.uid))
    const file = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), meta, bytes])
    expect(headOf(file, way.uid)).toMatchObject(UIDS)
  }
})

test('a sequence whose items do not fit hides no identifier if its own length is right', () => {
  for (const way of WAYS) {
    const { element, item } = way
    const items = item(element(TAG.ReferencedSOPInstanceUID, 'UI', '1.2.3.4\0', 0x300))
    const sequence = element(TAG.ReferencedImageSequence, 'SQ', items)
    const { bytes } = image({ way, lengths: [], pixelBytes: 64 })
    const at = bytes.indexOf(element(TAG.PatientName, 'PN', '').subarray(0, 4))
    const odd = Buffer.concat([bytes.subarray(0, at), sequence, bytes.subarray(at)])
    expect([way.name, headOf(odd, way.uid)]).toMatchObject([way.name, UIDS])
    expect([way.name, check(odd, way.uid).includes('truncated')]).toEqual([way.name, false])
  }
})

test('in an image of real size, lengths that count characters lose no identifier either', () => {
  for (const way of WAYS) {
    for (const one of TEXTS.keys()) {
      const lengths = TEXTS.map((_, i): Wrong => (i === one ? 'characters' : 'right'))
      const { bytes } = image({ way, lengths, pixelBytes: 524_288 })
      for (const chunk of [16_384, 131_072, bytes.length]) {
        expect([way.name, one, headOf(bytes, way.uid, chunk)]).toMatchObject([way.name, one, UIDS])
        expect([way.name, one, check(bytes, way.uid, chunk)]).not.toContain('truncated')
      }
    }
  }
})

test('an image whose last text points over the end is whole, and cut if bytes of its pixel data are missing', () => {
  for (const { name, uid, element } of WAYS) {
    const before = Buffer.concat([
      element(TAG.SOPClassUID, 'UI', even(UIDS.sopClassUid)),
      element(TAG.SOPInstanceUID, 'UI', even(UIDS.sopInstanceUid)),
      element(TAG.Rows, 'US', us(8)),
      element(tagNamed('SmallestImagePixelValue'), 'UT', 'text', 0x00ff_fffe),
    ])
    for (const pixelBytes of [64, 200_000]) {
      const pixels = element(TAG.PixelData, 'OW', Buffer.alloc(pixelBytes, 0x5a))
      const whole = Buffer.concat([before, pixels])
      const isCut = (bytes: Buffer): boolean => check(bytes, uid).includes('truncated')
      expect([name, pixelBytes, isCut(whole)]).toEqual([name, pixelBytes, false])
      expect([name, pixelBytes, isCut(whole.subarray(0, -1))]).toEqual([name, pixelBytes, true])
    }
  }
})

test('an image with zeros in its head is called cut if it is, and not if it is whole', () => {
  for (const way of WAYS) {
    const { bytes, pixelsAt } = image({ way, lengths: [], pixelBytes: 1024 })
    for (const zeros of [8, 128]) {
      const at = bytes.indexOf(way.element(TAG.PatientName, 'PN', '').subarray(0, 4))
      const holed = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(zeros), bytes.subarray(at)])
      expect([way.name, check(holed, way.uid).includes('truncated')]).toEqual([way.name, false])
      for (const missing of [1, 100, bytes.length - pixelsAt - 20])
        expect([way.name, missing, check(holed.subarray(0, -missing), way.uid)]).toEqual([
          way.name,
          missing,
          expect.arrayContaining(['truncated']),
        ])
    }
  }
})

/** Referenced Image Sequence, with UIDs that are not those of the image. */
function references({ element, item, itemEnd, sequenceEnd }: Way): Buffer {
  const content = Buffer.concat([
    element(TAG.ReferencedSOPClassUID, 'UI', even(UIDS.sopClassUid)),
    element(TAG.ReferencedSOPInstanceUID, 'UI', '1.2.826.0.1.9999.666.1'),
    element(TAG.StudyInstanceUID, 'UI', '1.2.826.0.1.9999.666'),
  ])
  const value = Buffer.concat([item(content, UNDEFINED), itemEnd, sequenceEnd])
  return element(TAG.ReferencedImageSequence, 'SQ', value, UNDEFINED)
}

test('the UIDs of a referenced image are not taken for those of the image, whatever is wrong around them', () => {
  for (const way of WAYS) {
    const { bytes } = image({ way, lengths: [], pixelBytes: 64 })
    const at = bytes.indexOf(way.element(TAG.PatientName, 'PN', '').subarray(0, 4))
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    for (const zeros of [8, 64]) {
      const hole = Buffer.alloc(zeros)
      for (const parts of [
        [before, hole, references(way), after],
        [before, references(way), hole, after],
      ])
        expect([way.name, headOf(Buffer.concat(parts), way.uid)]).toMatchObject([way.name, UIDS])
    }
  }
})

test('a UID whose length is too short is not taken for one', () => {
  for (const way of WAYS) {
    const { bytes } = image({ way, lengths: [], pixelBytes: 64 })
    const right = way.element(TAG.StudyInstanceUID, 'UI', even(UIDS.studyInstanceUid))
    const at = bytes.indexOf(right)
    for (const stated of [4, 8, UIDS.studyInstanceUid.length - 1]) {
      const short = way.element(TAG.StudyInstanceUID, 'UI', even(UIDS.studyInstanceUid), stated)
      const odd = Buffer.concat([bytes.subarray(0, at), short, bytes.subarray(at + right.length)])
      const { studyInstanceUid, ...others } = headOf(odd, way.uid)
      expect([way.name, stated, studyInstanceUid]).toEqual([way.name, stated, undefined])
      expect(others).toMatchObject({ sopInstanceUid: UIDS.sopInstanceUid })
    }
  }
})

test('items in implicit VR inside explicit VR hide no identifier', () => {
  const [implicit, explicit] = WAYS
  if (implicit === undefined || explicit === undefined) throw new Error('no ways of writing')
  const { bytes } = image({ way: explicit, lengths: [], pixelBytes: 64 })
  const at = bytes.indexOf(explicit.element(TAG.PatientName, 'PN', '').subarray(0, 4))
  const items = implicit.item(implicit.element(TAG.CodeValue, 'SH', 'T-A0100 '))
  const delimited = Buffer.concat([items, explicit.sequenceEnd])
  const creator = explicit.element(tagOf(0x0009, 0x0010), 'LO', 'ACME 1')
  for (const next of [Buffer.alloc(0), creator])
    for (const sequence of [
      explicit.element(tagNamed('AnatomicRegionSequence'), 'SQ', items),
      explicit.element(tagNamed('AnatomicRegionSequence'), 'SQ', delimited, UNDEFINED),
    ]) {
      const odd = Buffer.concat([bytes.subarray(0, at), sequence, next, bytes.subarray(at)])
      expect(headOf(odd, explicit.uid)).toMatchObject(UIDS)
      expect(check(odd, explicit.uid)).not.toContain('truncated')
    }
})

test('a Series UID whose length is too short is not taken for one, in whatever pieces it comes', () => {
  for (const way of WAYS) {
    const { bytes } = image({ way, lengths: [], pixelBytes: 64 })
    const right = way.element(TAG.SeriesInstanceUID, 'UI', even(UIDS.seriesInstanceUid))
    const at = bytes.indexOf(right)
    const short = way.element(TAG.SeriesInstanceUID, 'UI', even(UIDS.seriesInstanceUid), 10)
    const odd = Buffer.concat([bytes.subarray(0, at), short, bytes.subarray(at + right.length)])
    for (let size = 1; size <= 200; size++) {
      const found = headOf(odd, way.uid, size).seriesInstanceUid
      expect([way.name, size, found]).toEqual([way.name, size, undefined])
    }
  }
})

test('fewer bytes than the header of an element are called cut', () => {
  for (const { uid } of WAYS) {
    for (const bytes of [2, 4, 7])
      expect(check(Buffer.from('0800050043530a00', 'hex').subarray(0, bytes), uid)).toContain('truncated')
    expect(check(Buffer.alloc(4), uid)).not.toContain('truncated')
  }
})
