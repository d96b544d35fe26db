import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Deidentification } from '../../../src/agent/deidentify/deidentification.ts'
import { editDataSet } from '../../../src/dicom/edit/data-set-editor.ts'
import { TAG, type Tag } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { tagNamed, tagOf } from '../../support/instances/tag-named.ts'
import { propertyRuns } from '../../support/property-runs.ts'
import { profileWith, TEST_KEY } from './deidentify-element.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'
const ULTRASOUND = '1.2.840.10008.5.1.4.1.1.6.1'
const PARAMETRIC_MAP = '1.2.840.10008.5.1.4.1.1.30'
const NAME = 'Hidden^Person'
const ID = 'HIDDEN-77'
const WAYS = [
  { uid: TRANSFER_SYNTAX.ExplicitVRLittleEndian, ...writer(EXPLICIT_LITTLE) },
  { uid: TRANSFER_SYNTAX.ImplicitVRLittleEndian, ...writer(IMPLICIT_LITTLE) },
]
type Way = ReturnType<typeof writer> & { readonly uid: string }

const even = (text: string, padding = ' '): string => (text.length % 2 === 0 ? text : text + padding)
const us = (value: number): Buffer => Buffer.from([value & 0xff, value >>> 8])

interface Part {
  readonly tag: Tag
  readonly vr: string
  readonly bytes: Buffer
  readonly headerBytes: number
}

function partsOf({ element }: Way, sopClassUid: string): Part[] {
  const values: [Tag, string, string | Buffer][] = [
    [TAG.ImageType, 'CS', even('ORIGINAL\\PRIMARY')],
    [TAG.SOPClassUID, 'UI', even(sopClassUid, '\0')],
    [TAG.SOPInstanceUID, 'UI', even('1.2.3.4', '\0')],
    [TAG.StudyDate, 'DA', '20240105'],
    [TAG.Modality, 'CS', sopClassUid === ULTRASOUND ? 'US' : 'CT'],
    [tagNamed('Manufacturer'), 'LO', 'MAKER '],
    [tagNamed('ManufacturerModelName'), 'LO', 'MODEL '],
    [TAG.PatientName, 'PN', even(NAME)],
    [TAG.PatientID, 'LO', even(ID)],
    [TAG.PatientBirthDate, 'DA', '19700131'],
    [tagNamed('SliceThickness'), 'DS', '5 '],
    [tagNamed('SoftwareVersions'), 'LO', 'V1'],
    [tagNamed('ProtocolName'), 'LO', 'CHEST '],
    [TAG.StudyInstanceUID, 'UI', even('1.2.3', '\0')],
    [TAG.SeriesInstanceUID, 'UI', even('1.2.3.1', '\0')],
    [TAG.SamplesPerPixel, 'US', us(1)],
    [TAG.PhotometricInterpretation, 'CS', 'MONOCHROME2 '],
    [TAG.Rows, 'US', us(8)],
    [TAG.Columns, 'US', us(8)],
    [TAG.BitsAllocated, 'US', us(8)],
    [TAG.BitsStored, 'US', us(8)],
    [TAG.HighBit, 'US', us(7)],
    [TAG.PixelRepresentation, 'US', us(0)],
    [TAG.PixelData, 'OW', Buffer.alloc(64, 7)],
  ]
  return values.map(([tag, vr, value]) => {
    const bytes = element(tag, vr, value)
    return { tag, vr, bytes, headerBytes: bytes.length - value.length }
  })
}

/** The data set in which the element at `from` reaches up to the end of the one at `to`: it still parses. */
function swallowing(way: Way, sopClassUid: string, from: number, to: number): Buffer {
  const parts = partsOf(way, sopClassUid)
  const first = parts[from]
  if (first === undefined) throw new Error('no such element')
  const value = Buffer.concat([
    first.bytes.subarray(first.headerBytes),
    ...parts.slice(from + 1, to + 1).map(({ bytes }) => bytes),
  ])
  const rest = parts.slice(to + 1).map(({ bytes }) => bytes)
  return Buffer.concat([
    ...parts.slice(0, from).map(({ bytes }) => bytes),
    way.element(first.tag, first.vr, value),
    ...rest,
  ])
}

/** Why a CT leaves on no route without identity. */
function reasonOf(dataSet: Buffer, way: Way): string {
  const left = leaving(dataSet, way, CT, ({ message }) => message)
  return Buffer.isBuffer(left) ? 'it leaves' : left
}

/** Returns the bytes that leave on a route without identity, or the code of the failure that withheld them. */
function leaving(
  dataSet: Buffer,
  way: Way,
  sopClassUid: string,
  told: (failure: Failure) => string = ({ code }) => code,
): Buffer | string {
  const edits = new Deidentification({
    profile: profileWith(['retain-device-identity', 'clean-descriptors']),
    key: TEST_KEY,
    source: { device: undefined, callingAeTitle: 'CT1' },
    sopClassUid,
    transferSyntaxUid: way.uid,
  })
  try {
    return editDataSet(dataSet, way.uid, edits)
  } catch (error) {
    if (error instanceof Failure) return told(error)
    throw error
  }
}

test('a whole image leaves without name and ID', () => {
  for (const way of WAYS) {
    const left = leaving(Buffer.concat(partsOf(way, CT).map(({ bytes }) => bytes)), way, CT)
    expect(Buffer.isBuffer(left)).toBe(true)
    expect(left.toString('latin1')).not.toMatch(/Hidden|HIDDEN/)
  }
})

test('an element that swallows the ones after it lets no name and no ID leave in its value', () => {
  const count = partsOf(WAYS[0] as Way, CT).length
  fc.assert(
    fc.property(
      fc.constantFrom(...WAYS),
      fc.integer({ min: 0, max: count - 2 }),
      fc.integer({ min: 1, max: count - 1 }),
      (way, from, length) => {
        const left = leaving(swallowing(way, CT, from, Math.min(count - 1, from + length)), way, CT)
        expect(left.toString('latin1')).not.toMatch(/Hidden|HIDDEN/)
      },
    ),
    { numRuns: propertyRuns(2000) },
  )
})

test('an image whose wrong length ends within black pixels does not leave without them', () => {
  for (const way of WAYS) {
    const parts = partsOf(way, CT).map((part) =>
      part.tag === TAG.PixelData
        ? { ...part, bytes: way.element(part.tag, part.vr, Buffer.alloc(64)) }
        : part,
    )
    const whole = Buffer.concat(parts.map(({ bytes }) => bytes))
    expect(Buffer.isBuffer(leaving(whole, way, CT))).toBe(true)
    for (const [i, { tag, vr, bytes, headerBytes }] of parts.slice(0, -1).entries()) {
      const before = Buffer.concat(parts.slice(0, i).map((part) => part.bytes))
      const after = Buffer.concat(parts.slice(i + 1).map((part) => part.bytes))
      // Odd lengths, too: after them everything is misread by one byte.
      for (const left of [0, 1, 8, 9, 32, 64]) {
        const stated = bytes.length - headerBytes + after.length - left
        const wrong = way.element(tag, vr, bytes.subarray(headerBytes), stated)
        const copy = leaving(Buffer.concat([before, wrong, after]), way, CT)
        expect([way.uid, tag.toString(16), left, Buffer.isBuffer(copy)]).toEqual([
          way.uid,
          tag.toString(16),
          left,
          false,
        ])
      }
    }
  }
})

/** Values of numbers and bytes, which may hold anything, and text that does not stay. */
const SWALLOWING: readonly (readonly [Tag, string, Buffer])[] = [
  [tagNamed('PrivateGroupReference'), 'US', us(1)],
  [tagNamed('TimeRange'), 'FD', Buffer.alloc(16)],
  [TAG.FailureReason, 'SL', Buffer.alloc(4)],
  [tagNamed('RecordKey'), 'OB', Buffer.alloc(8)],
  [tagNamed('PatientComments'), 'LT', Buffer.from('remark')],
  [tagOf(0x0019, 0x1001), 'UN', Buffer.alloc(4)],
  [tagNamed('ImageComments'), 'LT', Buffer.from('remark')],
  [tagNamed('LUTData'), 'OW', Buffer.alloc(8)],
]
const ALWAYS_THERE: readonly Tag[] = [
  TAG.SOPClassUID,
  TAG.SOPInstanceUID,
  TAG.PatientName,
  TAG.PatientID,
  TAG.StudyInstanceUID,
  TAG.SeriesInstanceUID,
  TAG.PixelData,
]

test.each(SWALLOWING)(
  'the value of %p, %s, that swallows elements withholds the copy, whether it would stay or not',
  (tag, vr, value) => {
    for (const way of [...WAYS, { uid: TRANSFER_SYNTAX.ExplicitVRBigEndian, ...writer(EXPLICIT_BIG) }]) {
      const others = partsOf(way, CT)
      const from = others.findIndex((part) => part.tag > tag)
      const whole = [...others.slice(0, from), ...others.slice(from)].map(({ bytes }) => bytes)
      // The control: with its own length it leaves.
      const control = [...whole.slice(0, from), way.element(tag, vr, value), ...whole.slice(from)]
      expect(Buffer.isBuffer(leaving(Buffer.concat(control), way, CT))).toBe(true)
      for (let to = from + 1; to <= whole.length; to++) {
        const swallowed = way.element(tag, vr, Buffer.concat([value, ...whole.slice(from, to)]))
        const left = leaving(Buffer.concat([...whole.slice(0, from), swallowed, ...whole.slice(to)]), way, CT)
        const isImportant = others.slice(from, to).some((part) => ALWAYS_THERE.includes(part.tag))
        expect([isImportant, left]).toEqual([isImportant, isImportant ? 'DEID_WITHHELD' : left])
        expect(left.toString('latin1')).not.toMatch(/Hidden|HIDDEN/)
      }
    }
  },
)

test('an ultrasound whose rows and pixel data were swallowed does not leave as one without an image', () => {
  for (const way of WAYS) {
    const parts = partsOf(way, ULTRASOUND)
    const samples = parts.findIndex(({ tag }) => tag === TAG.SamplesPerPixel)
    for (let to = samples + 1; to < parts.length; to++)
      expect(leaving(swallowing(way, ULTRASOUND, samples, to), way, ULTRASOUND)).toBe('DEID_WITHHELD')
  }
})

test.each([
  [TAG.FloatPixelData, 'OF'],
  [TAG.DoubleFloatPixelData, 'OD'],
] as const)('a map whose %p of %s was swallowed does not leave as one without pixels', (tag, vr) => {
  for (const way of WAYS) {
    const head = partsOf(way, PARAMETRIC_MAP).slice(0, -1)
    const pixels = way.element(tag, vr, Buffer.alloc(64, 7))
    const table = (content: Buffer): Buffer => way.element(tagNamed('LUTData'), 'OW', content)
    const before = head.map(({ bytes }) => bytes)
    const whole = Buffer.concat([...before, table(Buffer.alloc(8)), pixels])
    expect(Buffer.isBuffer(leaving(whole, way, PARAMETRIC_MAP))).toBe(true)
    const swallowed = Buffer.concat([...before, table(Buffer.concat([Buffer.alloc(8), pixels]))])
    expect(leaving(swallowed, way, PARAMETRIC_MAP)).toBe('DEID_WITHHELD')
  }
})

test('a data set with neither name nor ID does not leave, and one with an empty ID does', () => {
  for (const way of WAYS) {
    const parts = partsOf(way, CT)
    const without = (tags: readonly Tag[]): Buffer =>
      Buffer.concat(parts.filter(({ tag }) => !tags.includes(tag)).map(({ bytes }) => bytes))
    expect(leaving(without([TAG.PatientName, TAG.PatientID]), way, CT)).toBe('DEID_WITHHELD')
    expect(Buffer.isBuffer(leaving(without([TAG.PatientName]), way, CT))).toBe(true)
  }
})

test('a name or an ID that swallowed other elements is still not left in a description', () => {
  for (const way of WAYS) {
    const plain = way.element(tagNamed('ProtocolName'), 'LO', 'CHEST ')
    const telling = way.element(tagNamed('ProtocolName'), 'LO', 'of HIDDEN-77, Hidden')
    for (const tag of [TAG.PatientName, TAG.PatientID]) {
      const from = partsOf(way, CT).findIndex((part) => part.tag === tag)
      const dataSet = swallowing(way, CT, from, from + 1)
      const at = dataSet.indexOf(plain)
      const told = Buffer.concat([dataSet.subarray(0, at), telling, dataSet.subarray(at + plain.length)])
      expect(leaving(told, way, CT).toString('latin1')).not.toMatch(/Hidden|HIDDEN/)
    }
  }
})

test('a UID that swallowed other elements is withheld for that, and not called a fault of the program', () => {
  for (const way of WAYS) {
    const from = partsOf(way, CT).findIndex(({ tag }) => tag === TAG.StudyInstanceUID)
    expect(reasonOf(swallowing(way, CT, from, from + 1), way)).toMatch(/length may be wrong/)
    // This element identifies no person, and its value turns one UID into two.
    const parts = partsOf(way, CT).map((part) => {
      if (part.tag !== TAG.SOPInstanceUID) return part.bytes
      const maker = way.element(tagNamed('Manufacturer'), 'LO', 'A\\B ')
      return way.element(part.tag, 'UI', Buffer.concat([Buffer.from('1.2.3.4\0'), maker]))
    })
    expect(reasonOf(Buffer.concat(parts), way)).toMatch(/length may be wrong/)
  }
})

test('a data set whose name is inside a private value does not leave, though it has an ID', () => {
  for (const way of WAYS) {
    const parts = partsOf(way, CT)
    const name = parts.findIndex(({ tag }) => tag === TAG.PatientName)
    const swallowed = Buffer.concat([Buffer.from('ours  '), parts[name]?.bytes ?? Buffer.alloc(0)])
    const dataSet = Buffer.concat([
      ...parts.slice(0, name).map(({ bytes }) => bytes),
      way.element(tagOf(0x0009, 0x0010), 'LO', 'ACME'),
      way.element(tagOf(0x0009, 0x1001), 'LO', swallowed),
      ...parts.slice(name + 1).map(({ bytes }) => bytes),
    ])
    expect(leaving(dataSet, way, CT)).toBe('DEID_WITHHELD')
  }
})
