import { deflateRawSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { type DataSetHead, DataSetHeadScanner } from '../../src/dicom/find/data-set-head.ts'
import { sopClassName } from '../../src/dicom/vocabulary/sop-class.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { corpusFiles, corpusPath, describeWithCorpus, splitPart10 } from '../support/instances/corpus.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED, writer } from './build-data-set.ts'

const EXPLICIT = TRANSFER_SYNTAX.ExplicitVRLittleEndian
const IMPLICIT = TRANSFER_SYNTAX.ImplicitVRLittleEndian
const BIG = TRANSFER_SYNTAX.ExplicitVRBigEndian
const DEFLATED = TRANSFER_SYNTAX.DeflatedExplicitVRLittleEndian

const FOUND: DataSetHead = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.3',
  modality: 'CT',
  studyInstanceUid: '1.2.3.4',
  seriesInstanceUid: '1.2.3.4.5',
}
const NAME = TAG.PatientName

function parts({ element, item, sequenceEnd }: ReturnType<typeof writer>): Record<string, Buffer> {
  const decoy = element(TAG.StudyInstanceUID, 'UI', '9.9.9.9\0')
  return {
    sopClass: element(TAG.SOPClassUID, 'UI', '1.2.840.10008.5.1.4.1.1.2\0'),
    sopInstance: element(TAG.SOPInstanceUID, 'UI', '1.2.3\0'),
    modality: element(TAG.Modality, 'CS', 'CT'),
    sequence: element(
      tagNamed('ReferencedSeriesSequence'),
      'SQ',
      Buffer.concat([item(decoy), sequenceEnd]),
      UNDEFINED,
    ),
    name: element(NAME, 'PN', 'DOE^JANE'),
    study: element(TAG.StudyInstanceUID, 'UI', '1.2.3.4 '),
    series: element(TAG.SeriesInstanceUID, 'UI', '1.2.3.4.5\0'),
  }
}

const PIXEL_BYTES = 20_000
const pixels = (kind: typeof explicit): Buffer =>
  kind.element(TAG.PixelData, 'OW', Buffer.alloc(PIXEL_BYTES, 0xab))

const explicit = writer(EXPLICIT_LITTLE)
const implicit = writer(IMPLICIT_LITTLE)
const big = writer(EXPLICIT_BIG)
const inOrder = (kind: typeof explicit): Buffer =>
  Buffer.concat([...Object.values(parts(kind)), pixels(kind)])
const dataSet = inOrder(explicit)

const CUT_LENGTHS = 3000
/** One, so that a file is cut off after each byte, unless the daily gate asks for a share. */
const EVERY = Math.max(1, Math.round(CUT_LENGTHS / propertyRuns(CUT_LENGTHS)))

/** Pushes in chunks until the scanner has enough; says how many bytes that took. */
function scan(
  bytes: Buffer,
  uid: string,
  chunkBytes = bytes.length,
  limitBytes?: number,
): { head: DataSetHead; pushed: number } {
  const scanner = new DataSetHeadScanner(uid, limitBytes === undefined ? undefined : { bytes: limitBytes })
  let pushed = 0
  let enough = false
  while (!enough && pushed < bytes.length) {
    enough = scanner.push(bytes.subarray(pushed, pushed + chunkBytes))
    pushed = Math.min(pushed + chunkBytes, bytes.length)
  }
  return { head: { ...scanner.head }, pushed }
}

test.each([
  ['explicit VR', explicit, EXPLICIT],
  ['implicit VR', implicit, IMPLICIT],
  ['big endian', big, BIG],
  ['a private syntax', explicit, '1.2.3.4'],
])(
  'the attributes that route an instance are found in %s, and the search ends before the value of the pixel data',
  (_name, kind, uid) => {
    const bytes = inOrder(kind)
    for (const chunkBytes of [1, 3, 100, bytes.length])
      expect(scan(bytes, uid, chunkBytes).head).toEqual(FOUND)
    const beforeValue = bytes.length - PIXEL_BYTES
    expect(scan(bytes, uid, 1).pushed).toBeLessThanOrEqual(beforeValue)
  },
)

test('a deflated data set is inflated only as far as needed', () => {
  const noise = explicit.element(
    TAG.PixelData,
    'OW',
    Buffer.from(fc.sample(fc.integer({ min: 0, max: 255 }), { numRuns: 30_000, seed: 7 })),
  )
  const bytes = deflateRawSync(Buffer.concat([...Object.values(parts(explicit)), noise]))
  expect(bytes.length).toBeGreaterThan(20_000)
  for (const chunkBytes of [1, 100, 4096, bytes.length])
    expect(scan(bytes, DEFLATED, chunkBytes).head).toEqual(FOUND)
  expect(scan(bytes, DEFLATED, 1).pushed).toBeLessThanOrEqual(1024)
  const short = deflateRawSync(dataSet)
  expect(short.length).toBeLessThan(1024)
  for (const chunkBytes of [1, short.length]) expect(scan(short, DEFLATED, chunkBytes).head).toEqual(FOUND)
})

test('a deflate bomb stops the search, however it comes in', () => {
  const bomb = deflateRawSync(explicit.element(tagNamed('LengthToEnd'), 'OB', Buffer.alloc(50_000_000)))
  for (const chunkBytes of [1, 5000, bomb.length]) {
    const { head, pushed } = scan(bomb, DEFLATED, chunkBytes)
    expect(head).toEqual({
      problem: expect.stringMatching(/inflates to more than 1048576 bytes|do not hold all four/),
    })
    expect(pushed).toBeLessThanOrEqual(Math.max(chunkBytes, 10_000))
  }
  expect(scan(Buffer.from('not deflated at all'), DEFLATED).head.problem).toMatch(/not deflated data/)
})

test.each([
  [
    'ends at once, and anything behind it',
    Buffer.concat([deflateRawSync(Buffer.alloc(0)), Buffer.alloc(4096, 7)]),
  ],
  ['consists of empty blocks', Buffer.from('000000ffff'.repeat(1000), 'hex')],
])('a deflate stream that %s does not keep the search waiting beyond its limit', (_, bytes) => {
  const { head, pushed } = scan(bytes, DEFLATED, 100, 2048)
  expect(head.problem).toMatch(/the first 2048 bytes do not hold all four UIDs|its first 2048 bytes/)
  expect(pushed).toBeLessThan(2048 + 100)
})

test('the search ends at the limit with what it has found', () => {
  const { sopClass, ...others } = parts(explicit)
  const far = Buffer.concat([
    sopClass ?? dataSet,
    explicit.element(tagOf(0x0009, 0x1001), 'OB', Buffer.alloc(9000)),
    ...Object.values(others),
  ])
  for (const chunkBytes of [100, far.length]) {
    const { head } = scan(far, EXPLICIT, chunkBytes, 4096)
    expect(head).toEqual({
      sopClassUid: FOUND.sopClassUid,
      problem: 'the first 4096 bytes do not hold all four UIDs',
    })
  }
})

test('elements out of order are found too, and the first of two is taken', () => {
  const { sopClass, sopInstance, modality, name, study, series } = parts(explicit)
  const second = explicit.element(TAG.SOPInstanceUID, 'UI', '7.7')
  const bytes = Buffer.concat(
    [series, name, study, sopInstance, second, modality, sopClass, pixels(explicit)].map(
      (part) => part ?? dataSet,
    ),
  )
  expect(scan(bytes, EXPLICIT, 11).head).toEqual(FOUND)
})

test('an instance without study is searched up to its pixel data, without that being a problem', () => {
  const { sopClass, sopInstance } = parts(explicit)
  const bytes = Buffer.concat([sopClass ?? dataSet, sopInstance ?? dataSet, pixels(explicit)])
  const { sopClassUid, sopInstanceUid } = FOUND
  expect(scan(bytes, EXPLICIT).head).toEqual({ sopClassUid, sopInstanceUid })
})

test.each([
  ['implicit VR under an explicit syntax', implicit, EXPLICIT, /no VR where one belongs, at byte 0/],
  ['implicit VR under a compressed syntax', implicit, TRANSFER_SYNTAX.JPEGBaseline8Bit, /no VR/],
  ['explicit VR under the implicit syntax', explicit, IMPLICIT, /explicit VR, where/],
  ['little endian under the big-endian syntax', explicit, BIG, /byte order/],
  ['big endian under a little-endian syntax', big, EXPLICIT, /byte order/],
  ['big endian under the implicit syntax', big, IMPLICIT, /byte order/],
])('%s is reported, and nothing is believed of it', (_name, kind, uid, problem) => {
  for (const chunkBytes of [1, 512, 100_000]) {
    expect(scan(inOrder(kind), uid, chunkBytes).head).toEqual({ problem: expect.stringMatching(problem) })
  }
})

test('a value much too long for a UID is left out and reported without its content', () => {
  const long = explicit.element(TAG.SOPInstanceUID, 'UI', 'DOE^JANE'.repeat(20))
  const { head } = scan(Buffer.concat([long, dataSet.subarray(34 + 14)]), EXPLICIT)
  expect(head.problem).toBe('a value of 160 bytes for sopInstanceUid')
  expect(head.sopInstanceUid).toBeUndefined()
  expect(head.seriesInstanceUid).toBe(FOUND.seriesInstanceUid)
})

test('damage after the identifiers in the same chunk does not disturb the search', () => {
  const bytes = Buffer.concat([...Object.values(parts(explicit)), Buffer.from('no data set')])
  expect(scan(bytes, EXPLICIT).head).toEqual(FOUND)
  const zeros = Buffer.alloc(64)
  expect(scan(zeros, EXPLICIT).head.problem).toBe('zeros where the data set begins')
})

test('damage behind the pixel data is not a problem of the head, in one piece or in many', () => {
  const { sopClass = dataSet, sopInstance = dataSet } = parts(explicit)
  const bytes = Buffer.concat([sopClass, sopInstance, pixels(explicit), Buffer.alloc(40, 0xff)])
  const expected = { sopClassUid: FOUND.sopClassUid, sopInstanceUid: FOUND.sopInstanceUid }
  for (const chunkBytes of [bytes.length, 1, 7, 512])
    expect(scan(bytes, EXPLICIT, chunkBytes).head).toEqual(expected)
})

test('a data set cut off after any byte yields what came before the cut, and never an exception', () => {
  const order = Object.keys(FOUND)
  for (const [kind, uid] of [
    [explicit, EXPLICIT],
    [implicit, IMPLICIT],
    [big, BIG],
  ] as const) {
    const bytes = inOrder(kind).subarray(0, -pixels(kind).length)
    let before = 0
    for (let length = 0; length <= bytes.length; length++) {
      const { head } = scan(bytes.subarray(0, length), uid)
      expect(head.problem).toBeUndefined()
      const found = Object.keys(head)
      expect(found).toEqual(order.slice(0, found.length))
      expect(found.length).toBeGreaterThanOrEqual(before)
      before = found.length
    }
    expect(before).toBe(order.length)
  }
})

test('any bytes of a device end in a head, without any of its values in the problem', () => {
  const pieces = Object.values(parts(explicit))
  const piece = fc.oneof(
    fc.constantFrom(...pieces),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 12 }),
      fc.constantFrom(EXPLICIT, IMPLICIT, BIG, DEFLATED),
      fc.integer({ min: 1, max: 50 }),
      (some, uid, chunkBytes) => {
        const bytes = Buffer.concat(some)
        const { head } = scan(bytes, uid, chunkBytes)
        expect(head.problem ?? '').not.toMatch(/DOE|\^|9\.9/)
        expect(head.studyInstanceUid).not.toBe('9.9.9.9')
        expect(scan(bytes, uid).head).toEqual(head)
      },
    ),
    { numRuns: propertyRuns(5000) },
  )
})

/** Files in which the search finds a problem, by what it says. */
const PROBLEMS = {
  'odd/wrong-transfer-syntax-declared.dcm': 'reading a data set: no VR where one belongs, at byte 0',
  'odd/xa-mangled-by-text-decoding.DCM': 'the first 1048576 bytes do not hold all four UIDs',
}

/** Files whose data set holds no SOP class, as dcmdump says too. */
const WITHOUT_SOP_CLASS = [
  'charset/chrSQEncoding.dcm',
  'charset/empty-charset-implicit.dcm',
  'dicomdir/DICOMDIR-big-endian',
  'dicomdir/DICOMDIR-nopatient',
  'dicomdir/pydicom-fileset/DICOMDIR',
  'odd/meta-only.dcm',
  'odd/meta-without-transfer-syntax.dcm',
  'odd/minimal-144-bytes.bin',
  'odd/nested-private-sequence.dcm',
  'odd/un-sequence-undefined-length.dcm',
]

describeWithCorpus('the head of a real file', () => {
  test('in every real file the SOP class and modality are those of the manifest, or a problem is stated', () => {
    const problems: Record<string, string | undefined> = {}
    const without: string[] = []
    const otherwise: string[] = []
    let same = 0
    for (const { name, path, sopClass, modality } of corpusFiles()) {
      const split = splitPart10(path)
      if (split === undefined) continue
      const { head } = scan(split.dataSet, split.transferSyntaxUid, 65_536)
      if (head.problem !== undefined) problems[name] = head.problem
      else if (head.sopClassUid === undefined) without.push(name)
      else if (sopClassName(head.sopClassUid) !== sopClass && head.sopClassUid !== sopClass)
        otherwise.push(name)
      else if ((head.modality ?? '') !== modality) otherwise.push(name)
      else same++
    }
    expect(otherwise).toEqual([])
    expect(problems).toEqual(PROBLEMS)
    expect(without).toEqual(WITHOUT_SOP_CLASS)
    expect(same).toBe(179)
  })

  test('a real file cut off after any byte, or fed byte by byte, is never an exception', () => {
    for (const name of [
      'charset/chrX2.dcm',
      'transfer-syntax/deflated-sc.dcm',
      'transfer-syntax/mr-small-implicit.dcm',
    ]) {
      const split = splitPart10(corpusPath(name))
      if (split === undefined) throw new Error(`${name} is no Part 10 file`)
      const { dataSet: bytes, transferSyntaxUid: uid } = split
      const whole = scan(bytes, uid).head
      expect(Object.keys(whole)).toEqual(Object.keys(FOUND))
      expect(scan(bytes, uid, 1).head).toEqual(whole)
      for (let length = 0; length < Math.min(bytes.length, CUT_LENGTHS); length += EVERY) {
        const { head } = scan(bytes.subarray(0, length), uid)
        expect({ ...whole, ...head }).toEqual(whole)
      }
    }
  })
})
