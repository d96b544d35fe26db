import { expect, test } from '@jest/globals'
import { DataSetCheck } from '../../src/dicom/check/check-data-set.ts'
import { FINDINGS, type Finding } from '../../src/dicom/check/check-findings.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusFiles, describeWithCorpus, splitPart10 } from '../support/instances/corpus.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED, writer } from './build-data-set.ts'

const { element, item, itemEnd, sequenceEnd } = writer(EXPLICIT_LITTLE)
const { ExplicitVRLittleEndian, JPEGBaseline8Bit, RLELossless } = TRANSFER_SYNTAX
const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2\0'

const us = (value: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

interface Parts {
  sopClass?: string
  sopInstance?: string
  characterSet?: string
  name?: string | Buffer
  /** Rows, columns, samples, bits allocated. */
  shape?: readonly [rows: number, columns: number, samples: number, bits: number]
  photometric?: string
  frames?: string
  pixels?: Buffer
  more?: Buffer
}

/** A whole CT slice of 4 × 6 pixels, or what is left of it. */
function dataSet(parts: Parts = {}): Buffer {
  const { sopInstance = '1.2.3.4\0', characterSet, name = 'Chen^A', frames, photometric, shape } = parts
  const [rows, columns, samples, bits] = shape ?? [4, 6, 1, 16]
  return Buffer.concat([
    characterSet === undefined ? Buffer.alloc(0) : element(TAG.SpecificCharacterSet, 'CS', characterSet),
    element(TAG.SOPClassUID, 'UI', parts.sopClass ?? CT_IMAGE_STORAGE),
    element(TAG.SOPInstanceUID, 'UI', sopInstance),
    element(TAG.PatientName, 'PN', name),
    element(TAG.PatientID, 'LO', '1234'),
    element(TAG.StudyInstanceUID, 'UI', '1.2.3.5\0'),
    element(TAG.SeriesInstanceUID, 'UI', '1.2.3.6\0'),
    element(TAG.SamplesPerPixel, 'US', us(samples)),
    photometric === undefined ? Buffer.alloc(0) : element(TAG.PhotometricInterpretation, 'CS', photometric),
    frames === undefined ? Buffer.alloc(0) : element(TAG.NumberOfFrames, 'IS', frames),
    element(TAG.Rows, 'US', us(rows)),
    element(TAG.Columns, 'US', us(columns)),
    element(TAG.BitsAllocated, 'US', us(bits)),
    parts.pixels ?? native(48),
    parts.more ?? Buffer.alloc(0),
  ])
}

const native = (bytes: number): Buffer => element(TAG.PixelData, 'OW', Buffer.alloc(bytes, 7))

/** Encapsulated pixel data of a table and fragments, with or without its end. */
function encapsulated(offsets: readonly number[], fragments: readonly number[], end = sequenceEnd): Buffer {
  const table = Buffer.concat(
    offsets.map((offset) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(offset)
      return bytes
    }),
  )
  const content = [item(table), ...fragments.map((bytes) => item(Buffer.alloc(bytes, 9))), end]
  return element(TAG.PixelData, 'OB', Buffer.concat(content), UNDEFINED)
}

function check(bytes: Buffer, syntax: string = ExplicitVRLittleEndian, chunk = bytes.length): Finding[] {
  const checked = new DataSetCheck(syntax)
  for (let at = 0; at < bytes.length; at += chunk) checked.push(Buffer.from(bytes.subarray(at, at + chunk)))
  return checked.finish()
}

test('nothing is found in a whole slice, native or compressed', () => {
  expect(check(dataSet())).toEqual([])
  expect(check(dataSet({ pixels: encapsulated([], [10, 20]) }), JPEGBaseline8Bit)).toEqual([])
})

const NATIVE: readonly [title: string, parts: Parts, finding: Finding][] = [
  ['a UID is missing', { sopInstance: '' }, 'uidMissing'],
  ['a UID holds a letter', { sopInstance: '1.2.3.X\0' }, 'uidSyntax'],
  ['a UID has a component with a leading zero', { sopInstance: '1.2.03.4' }, 'uidSyntax'],
  ['a UID has 65 characters', { sopInstance: `1.2.${'3'.repeat(61)}\0` }, 'uidSyntax'],
  ["patient's name is empty", { name: '' }, 'patientMissing'],
  ['a value is of odd length', { name: 'Chen^' }, 'oddLength'],
  ['Chinese is written and nothing declared', { name: gbk('cdf55ed0') }, 'characterSetMissing'],
  [
    'GBK is written and Latin 1 declared',
    { characterSet: 'ISO_IR 100', name: gbk('cdf55ed0a1c3') },
    'characterSetWrong',
  ],
  [
    'GBK is written and UTF-8 declared',
    { characterSet: 'ISO_IR 192', name: gbk('cdf5d0a1') },
    'characterSetWrong',
  ],
  ['a name is cut in a character', { characterSet: 'GB18030 ', name: gbk('cdf55ed0') }, 'characterSetWrong'],
  ['the declared term is unknown', { characterSet: 'LATIN1', name: gbk('4d fc 6c 6c') }, 'characterSetWrong'],
  ['there are two bytes too few', { pixels: native(46) }, 'pixelLength'],
  ['there are two bytes too many', { pixels: native(50) }, 'pixelLength'],
  ['frames are missing', { frames: '2 ' }, 'pixelLength'],
  ['the number of frames is not a number', { frames: '1A' }, 'pixelDescription'],
  ['there are no rows', { shape: [0, 6, 1, 16] }, 'pixelDescription'],
  ['there is no pixel data', { pixels: Buffer.alloc(0) }, 'pixelMissing'],
  ['pixel data is in fragments', { pixels: encapsulated([], [48]) }, 'pixelForm'],
  ['bytes follow the pixel data', { more: Buffer.from('and so on') }, 'trailingBytes'],
  ['zeros and another byte follow it', { more: Buffer.from('0000000000000000ff', 'hex') }, 'trailingBytes'],
  ['one byte follows it', { more: Buffer.from('x') }, 'trailingBytes'],
  ['an element comes twice', { more: native(48) }, 'elementOrder'],
]

test.each(NATIVE)('exactly one finding is made if %s', (_, parts, finding) => {
  expect(check(dataSet(parts))).toEqual([finding])
})

const COMPRESSED: readonly [title: string, parts: Parts, finding: Finding][] = [
  ['there is no fragment', { pixels: encapsulated([], []) }, 'framesMissing'],
  [
    'there are fewer fragments than frames',
    { frames: '3 ', pixels: encapsulated([], [8, 8]) },
    'framesMissing',
  ],
  ['the end delimiter is missing', { pixels: encapsulated([], [8], Buffer.alloc(0)) }, 'fragmentsEnd'],
  ['an offset leads into a fragment', { frames: '2 ', pixels: encapsulated([0, 10], [8, 8]) }, 'offsetTable'],
  ['there are fewer offsets than frames', { frames: '2 ', pixels: encapsulated([0], [8, 8]) }, 'offsetTable'],
  ['pixel data is native', { pixels: native(48) }, 'pixelForm'],
]

test.each(COMPRESSED)('exactly one finding is made if %s', (_, parts, finding) => {
  expect(check(dataSet(parts), RLELossless)).toEqual([finding])
})

test('every finding is provoked by a test here', () => {
  const provoked = new Set([...NATIVE, ...COMPRESSED].map(([, , finding]) => finding))
  // The class is compared with that of the command by the intake.
  const others = ['sopClass', 'transferSyntax', 'truncated', 'unreadable']
  expect([...provoked, ...others].toSorted()).toEqual([...FINDINGS].toSorted())
})

test('a data set that ends anywhere but at an element is truncated', () => {
  const whole = dataSet()
  // Its very first element header apart, in which a syntax cannot be told yet.
  for (const end of [12, 60, whole.length - 49, whole.length - 1]) {
    expect(check(whole.subarray(0, end))).toContain('truncated')
  }
})

const RAW_DATA = Buffer.concat([
  element(tagOf(0x7fe1, 0x0010), 'LO', 'GEMS_RAW'),
  element(tagOf(0x7fe1, 0x1001), 'OB', Buffer.alloc(500, 0xe1)),
])
const SIGNATURE = element(
  TAG.DigitalSignaturesSequence,
  'SQ',
  item(element(tagNamed('MACIDNumber'), 'US', us(1))),
)

test.each([
  ['raw data', RAW_DATA],
  ['a digital signature', SIGNATURE],
])('a data set that is cut within %s after the pixel data is truncated', (_, tail) => {
  const whole = dataSet({ more: tail })
  const begin = whole.length - tail.length
  const boundary = begin + RAW_DATA.indexOf(element(tagOf(0x7fe1, 0x1001), 'OB', '').subarray(0, 4))
  for (const chunk of [7, whole.length]) {
    expect(check(whole, ExplicitVRLittleEndian, chunk)).toEqual([])
    for (let end = begin + 2; end < whole.length; end++) {
      // Nothing tells that an element which has not begun is missing.
      if (tail === RAW_DATA && end === boundary) continue
      expect([end, check(whole.subarray(0, end), ExplicitVRLittleEndian, chunk)]).toEqual([
        end,
        ['truncated'],
      ])
    }
  }
})

test('raw data after the pixel data that is cut in implicit VR is truncated, and appended bytes are not', () => {
  const implicit = writer(IMPLICIT_LITTLE)
  const pixels = implicit.element(TAG.PixelData, 'OW', Buffer.alloc(48, 7))
  const creator = implicit.element(tagOf(0x7fe1, 0x0010), 'LO', 'GEMS_RAW')
  const raw = implicit.element(tagOf(0x7fe1, 0x1001), 'OB', Buffer.alloc(500, 0xe1))
  const whole = Buffer.concat([
    implicit.element(TAG.SOPClassUID, 'UI', CT_IMAGE_STORAGE),
    pixels,
    creator,
    raw,
  ])
  const syntax = TRANSFER_SYNTAX.ImplicitVRLittleEndian
  for (const cut of [1, 250, 499, 503, 507]) {
    expect(check(whole.subarray(0, whole.length - cut), syntax)).toContain('truncated')
  }
  const image = whole.subarray(0, whole.length - creator.length - raw.length)
  for (const appended of ['and so on', '\r\n', 'x', '\xe1\x7fno creator was here']) {
    const findings = check(Buffer.concat([image, Buffer.from(appended, 'latin1')]), syntax)
    expect([appended, findings.includes('trailingBytes'), findings.includes('truncated')]).toEqual([
      appended,
      true,
      false,
    ])
  }
})

test('a data set in another syntax than was declared says so, whichever way round', () => {
  const big = writer(EXPLICIT_BIG).element(TAG.SOPClassUID, 'UI', CT_IMAGE_STORAGE)
  const implicit = writer(IMPLICIT_LITTLE).element(TAG.SOPClassUID, 'UI', CT_IMAGE_STORAGE)
  expect(check(big)).toContain('transferSyntax')
  expect(check(implicit)).toContain('transferSyntax')
  expect(check(dataSet(), TRANSFER_SYNTAX.ImplicitVRLittleEndian)).toContain('transferSyntax')
  expect(check(dataSet(), TRANSFER_SYNTAX.ExplicitVRBigEndian)).toContain('transferSyntax')
})

test('bytes that are not an element within the data set make it unreadable', () => {
  const broken = Buffer.concat([element(TAG.SOPClassUID, 'UI', CT_IMAGE_STORAGE), Buffer.alloc(40, 0xff)])
  expect(check(broken)).toContain('unreadable')
})

test.each([
  ['padded to an even length', { shape: [3, 3, 1, 8], pixels: native(10) }],
  ['of single bits', { shape: [3, 3, 1, 1], frames: '3 ', pixels: native(4) }],
  ['in colour', { shape: [2, 2, 3, 8], photometric: 'RGB ', pixels: native(12) }],
  ['with half the chrominance', { shape: [2, 2, 3, 8], photometric: 'YBR_FULL_422', pixels: native(8) }],
  ['of several frames', { frames: '2 ', pixels: native(96) }],
  ['with an empty number of frames', { frames: '' }],
  ['with zeros behind it', { more: Buffer.alloc(1001) }],
  [
    'with trailing padding of its own',
    { more: element(TAG.DataSetTrailingPadding, 'OB', Buffer.alloc(8, 1)) },
  ],
] satisfies [string, Parts][])('pixel data %s is in order', (_, parts) => {
  expect(check(dataSet(parts as Parts))).toEqual([])
})

test('a hanging protocol, which belongs to no patient, needs neither patient nor study', () => {
  const protocol = Buffer.concat([
    element(TAG.SOPClassUID, 'UI', '1.2.840.10008.5.1.4.38.1'),
    element(TAG.SOPInstanceUID, 'UI', '1.2.3.4\0'),
  ])
  expect(check(protocol)).toEqual([])
})

test('an item’s own character set counts within it and no further', () => {
  const inItem = (characterSet: string): Buffer =>
    element(
      TAG.ReferencedStudySequence,
      'SQ',
      Buffer.concat([
        item(
          Buffer.concat([
            element(TAG.SpecificCharacterSet, 'CS', characterSet),
            element(TAG.CodeMeaning, 'LO', gbk('cdf5')),
          ]),
          UNDEFINED,
        ),
        itemEnd,
        sequenceEnd,
      ]),
      UNDEFINED,
    )
  const utf8 = element(TAG.SpecificCharacterSet, 'CS', 'ISO_IR 192')
  const patient = element(tagNamed('PatientComments'), 'LT', Buffer.from('王'.repeat(2)))
  expect(check(Buffer.concat([utf8, inItem('GB18030 '), patient]))).not.toContain('characterSetWrong')
  expect(check(Buffer.concat([utf8, inItem('ISO_IR 192'), patient]))).toContain('characterSetWrong')
})

test('however a data set is cut into chunks, the same is found', () => {
  const odd = dataSet({
    name: gbk('cdf55ed0'),
    frames: '2 ',
    pixels: encapsulated([0, 10], [8, 8]),
    more: Buffer.from('x'),
  })
  const atOnce = check(odd)
  expect(atOnce.length).toBeGreaterThan(3)
  for (const chunk of [1, 2, 3, 7, 64]) expect(check(odd, ExplicitVRLittleEndian, chunk)).toEqual(atOnce)
})

test('bytes that are changed at random end in findings, never in an exception', () => {
  const whole = dataSet({
    pixels: encapsulated([0], [8, 8]),
    characterSet: 'GB18030 ',
    name: gbk('cdf55ed0a1'),
  })
  const seed = 20_261_123
  let random = seed
  for (let round = 0; round < 1000; round++) {
    const bytes = Buffer.from(whole)
    for (let i = 0; i < 3; i++) {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
      bytes[(random >>> 8) % bytes.length] = random >>> 24
    }
    for (const syntax of [RLELossless, ExplicitVRLittleEndian, TRANSFER_SYNTAX.ImplicitVRLittleEndian])
      expect(Array.isArray(check(bytes, syntax))).toBe(true)
  }
})

function gbk(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

/** Oddities of real files; the other files may have no patient and nothing worse. */
const ODD: Readonly<Record<string, readonly Finding[]>> = {
  'modality/dx/dx-fuji-odd-length-element.dcm': ['oddLength'],
  'odd/bad-vr.dcm': ['pixelDescription'],
  'odd/duplicate-element-color-palette.dcm': ['elementOrder'],
  'odd/j2k-multiframe-missing-sequence-delimiter.dcm': ['fragmentsEnd'],
  'odd/meta-group-length-missing-sc.dcm': ['uidSyntax'],
  'odd/private-odd-length-homer.dcm': ['oddLength'],
  'odd/truncated-pixel-data.dcm': ['truncated'],
  'odd/uid-with-leading-zeros/1.dcm': ['uidSyntax'],
  'odd/uid-with-leading-zeros/2.dcm': ['uidSyntax'],
  'odd/uid-with-leading-zeros/3.dcm': ['uidSyntax'],
  'odd/wrong-transfer-syntax-declared.dcm': ['transferSyntax'],
  'odd/xa-mangled-by-text-decoding.DCM': ['oddLength', 'unreadable'],
  'odd/meta-without-transfer-syntax.dcm': ['oddLength', 'pixelDescription'],
  'odd/nested-private-sequence.dcm': ['oddLength', 'pixelDescription'],
  // Called whole by those who collected them, and yet:
  'charset/chrJapMulti.dcm': ['pixelMissing'],
  'charset/chrKoreanMulti.dcm': ['pixelMissing'],
  'modality/mr/mr-mercure-11kb.dcm': ['pixelLength'],
  'odd/trailing-padding.dcm': ['pixelLength'],
}

describeWithCorpus('real files', () => {
  test('faults of real files are found, and none in the others', () => {
    const found: Record<string, readonly Finding[]> = {}
    for (const { name, path } of corpusFiles()) {
      const file = splitPart10(path)
      if (file === undefined || file.transferSyntaxUid === TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian)
        continue
      const findings = check(file.dataSet, file.transferSyntaxUid, 65_536)
      const worse = findings.filter((finding) => finding !== 'patientMissing' && finding !== 'uidMissing')
      if (worse.length > 0) found[name] = worse
    }
    expect(found).toEqual(ODD)
  })
})
