import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DataSetReader } from '../../src/dicom/read/data-set-reader.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED, writer } from './build-data-set.ts'
import { failureOf, readTokens, structure } from './read-tokens.ts'

const explicit = writer(EXPLICIT_LITTLE)
const implicit = writer(IMPLICIT_LITTLE)
const EXPLICIT = TRANSFER_SYNTAX.ExplicitVRLittleEndian
const IMPLICIT = TRANSFER_SYNTAX.ImplicitVRLittleEndian
const PATIENT_NAME = TAG.PatientName
const REFERENCED_STUDY_SEQUENCE = TAG.ReferencedStudySequence
const PRIVATE = tagOf(0x2001, 0x105f)

test.each([
  ['explicit VR little endian', EXPLICIT_LITTLE, EXPLICIT, 'UI', 'SQ'],
  ['explicit VR big endian', EXPLICIT_BIG, TRANSFER_SYNTAX.ExplicitVRBigEndian, 'UI', 'SQ'],
  ['implicit VR little endian', IMPLICIT_LITTLE, IMPLICIT, '--', '--'],
])('a data set in %s is cut into elements, items and values', (_name, encoding, uid, ui, sq) => {
  const { element, item, itemEnd, sequenceEnd } = writer(encoding)
  const inner = element(TAG.SOPInstanceUID, 'UI', '1.2')
  const dataSet = Buffer.concat([
    element(TAG.SOPClassUID, 'UI', '1.23'),
    element(REFERENCED_STUDY_SEQUENCE, 'SQ', Buffer.concat([item(inner), item(Buffer.alloc(0))])),
    element(
      tagNamed('ReferencedPerformedProcedureStepSequence'),
      'SQ',
      item(Buffer.concat([inner, itemEnd, sequenceEnd]), UNDEFINED),
      UNDEFINED,
    ),
    element(tagNamed('ReferencedSeriesSequence'), 'UI', ''),
  ])
  const reading = readTokens(dataSet, uid)
  expect(reading.failure).toBeUndefined()
  expect(reading.bytes).toEqual(dataSet)
  expect(reading.tokens).toEqual([
    `element 0 (0008,0016) ${ui} value`,
    'value 1.23 last',
    `element 0 (0008,1110) ${sq} items`,
    'item 8',
    `element 1 (0008,0018) ${ui} value`,
    'value 1.2 last',
    'itemEnd 0',
    'item 8',
    'itemEnd 0',
    'sequenceEnd 0',
    `element 0 (0008,1111) ${sq} items`,
    'item 8',
    `element 1 (0008,0018) ${ui} value`,
    'value 1.2 last',
    'itemEnd 8',
    'sequenceEnd 8',
    `element 0 (0008,1115) ${ui} value`,
    'value  last',
  ])
})

test('bytes within a value may pass by without being pushed; what may hold its end is to be pushed', () => {
  const { element } = explicit
  const dataSet = Buffer.concat([
    element(TAG.PixelData, 'OW', Buffer.alloc(100, 7)),
    element(TAG.DataSetTrailingPadding, 'OB', 'xx'),
  ])
  const elements: string[] = []
  const reader = new DataSetReader(EXPLICIT, (token) => {
    if (token.kind === 'element') elements.push(`${token.tag.toString(16)} at ${token.offset}`)
  })
  expect(reader.passes(12)).toBe(false)
  reader.push(dataSet.subarray(0, 12))
  expect(reader.passes(60)).toBe(true)
  expect(reader.passes(40)).toBe(false)
  expect(reader.passes(39)).toBe(true)
  reader.push(dataSet.subarray(111))
  expect(reader.passes(1)).toBe(false)
  reader.finish()
  expect(elements).toEqual(['7fe00010 at 0', 'fffcfffc at 112'])
})

test('encapsulated pixel data is cut at its fragments, not at delimiters that a fragment happens to hold', () => {
  const { element, item, sequenceEnd } = explicit
  const fragments = [item(Buffer.alloc(0)), item(Buffer.from('abcd')), item(sequenceEnd), sequenceEnd]
  const dataSet = Buffer.concat([
    element(TAG.PixelData, 'OB', Buffer.concat(fragments), UNDEFINED),
    element(TAG.DataSetTrailingPadding, 'OB', 'xx'),
  ])
  const reading = readTokens(dataSet, TRANSFER_SYNTAX.JPEGBaseline8Bit)
  expect(reading.failure).toBeUndefined()
  expect(reading.bytes).toEqual(dataSet)
  expect(structure(reading)).toEqual([
    'element 0 (7fe0,0010) OB fragments',
    'fragment 8',
    'fragment 8',
    'fragment 8',
    'fragmentsEnd 8',
    'element 0 (fffc,fffc) OB value',
  ])
})

test('an element UN of undefined length holds items in implicit VR, and what follows is explicit again', () => {
  const inner = implicit.element(PATIENT_NAME, 'PN', 'A^B')
  const items = Buffer.concat([implicit.item(inner), implicit.sequenceEnd])
  const dataSet = Buffer.concat([
    explicit.element(PRIVATE, 'UN', items, UNDEFINED),
    explicit.element(tagOf(0x2001, 0x1060), 'LO', 'text'),
  ])
  const reading = readTokens(dataSet, EXPLICIT)
  expect(reading.failure).toBeUndefined()
  expect(structure(reading)).toEqual([
    'element 0 (2001,105f) UN items',
    'item 8',
    'element 1 (0010,0010) -- value',
    'itemEnd 0',
    'sequenceEnd 8',
    'element 0 (2001,1060) LO value',
  ])
})

test.each([
  ['in implicit VR', implicit, IMPLICIT],
  ['written as UN', explicit, EXPLICIT],
])('a private sequence of given length %s is opened, or left whole on request', (_name, { element }, uid) => {
  const inner = implicit.element(PATIENT_NAME, 'PN', 'A^B')
  const dataSet = element(PRIVATE, 'UN', implicit.item(inner))
  expect(structure(readTokens(dataSet, uid))).toHaveLength(5)
  expect(structure(readTokens(dataSet, uid, 3))).toHaveLength(5)
  expect(structure(readTokens(dataSet, uid, 3, { findSequences: false }))).toHaveLength(1)
})

test('a value that only begins like an item too long for it is a value', () => {
  const dataSet = implicit.element(PRIVATE, 'UN', implicit.item(Buffer.from('abcd'), 5))
  expect(structure(readTokens(dataSet, IMPLICIT))).toEqual(['element 0 (2001,105f) -- value'])
})

test('a VR of a later edition of the standard is read in the long form', () => {
  const dataSet = Buffer.concat([
    explicit.element(PRIVATE, 'ZZ', 'abcd'),
    explicit.element(tagOf(0x2001, 0x1060), 'LO', ''),
  ])
  const reading = readTokens(dataSet, EXPLICIT)
  expect(reading.failure).toBeUndefined()
  expect(structure(reading)).toHaveLength(2)
})

test.each([1, 7, 8, 4099])('%i zero bytes behind the data set are passed on, not read', (zeros) => {
  const dataSet = Buffer.concat([explicit.element(PATIENT_NAME, 'PN', 'A^B'), Buffer.alloc(zeros)])
  const reading = readTokens(dataSet, EXPLICIT, 5)
  expect(reading.failure).toBeUndefined()
  expect(reading.bytes).toEqual(dataSet)
  expect(structure(reading)).toHaveLength(1)
})

const nested = (depth: number): Buffer =>
  depth === 0
    ? Buffer.alloc(0)
    : explicit.element(REFERENCED_STUDY_SEQUENCE, 'SQ', explicit.item(nested(depth - 1)))

test('sequences may nest 32 deep, not deeper', () => {
  expect(readTokens(nested(32), EXPLICIT).failure).toBeUndefined()
  expect(readTokens(nested(33), EXPLICIT).failure?.message).toMatch(/nested more than 32 deep/)
  const endless = Buffer.concat(
    Array.from({ length: 100_000 }, () =>
      Buffer.concat([
        implicit.element(REFERENCED_STUDY_SEQUENCE, 'SQ', '', UNDEFINED),
        implicit.item(Buffer.alloc(0), UNDEFINED),
      ]),
    ),
  )
  expect(readTokens(endless, IMPLICIT).tokens.length).toBeLessThan(100)
})

const { element, item, itemEnd, sequenceEnd } = explicit
const name = element(PATIENT_NAME, 'PN', 'DOE^JANE')
const sequence = (content: Buffer, length?: number): Buffer =>
  element(REFERENCED_STUDY_SEQUENCE, 'SQ', content, length)

test.each([
  ['a value cut off', name.subarray(0, -1), /in the middle of a value/],
  ['a header cut off', name.subarray(0, 7), /in the middle of an element's header/],
  ['a sequence without its delimiter', sequence(item(name), UNDEFINED), /in the middle of a sequence/],
  ['an item longer than its sequence', sequence(item(name, name.length + 2)), /longer than/],
  ['an element longer than its item', sequence(item(element(PATIENT_NAME, 'PN', 'A', 2))), /longer than/],
  ['an element where an item belongs', sequence(name), /an item is missing/],
  ['an item outside a sequence', item(name), /an item outside a sequence/],
  ['an item delimiter without item', sequence(itemEnd, UNDEFINED), /an item ends that has not begun/],
  ['a sequence delimiter without sequence', sequenceEnd, /a sequence ends that has not begun/],
  ['a delimiter before the given end', sequence(item(Buffer.concat([itemEnd, name]))), /before the end/],
  [
    'a fragment of undefined length',
    element(TAG.PixelData, 'OB', item(name, UNDEFINED), UNDEFINED),
    /fragment/,
  ],
  ['an undefined length in a text', element(PATIENT_NAME, 'UT', name, UNDEFINED), /undefined length/],
  ['bytes that are no VR', implicit.element(PATIENT_NAME, 'PN', 'DOE^JANE'), /no VR/],
  ['an unknown element of group FFFE', element(0xfffe_0001, 'UL', 'abcd'), /unknown element of group FFFE/],
])('%s is reported as a failure that names the place, not the content', (_name, dataSet, message) => {
  for (const chunkBytes of [1, dataSet.length]) {
    const { failure } = readTokens(dataSet, EXPLICIT, chunkBytes)
    expect(failure?.code).toBe('DATA_SET_UNREADABLE')
    expect(failure?.message).toMatch(message)
    expect(failure?.message).toMatch(/at byte \d+$/)
    expect(failure?.message).not.toMatch(/DOE/)
  }
})

test('a reader that has failed fails again instead of reading on at a wrong place', () => {
  const reader = new DataSetReader(EXPLICIT, () => {})
  const first = failureOf(() => reader.push(sequenceEnd))
  expect(first).toBeDefined()
  expect(failureOf(() => reader.push(name))).toBe(first)
  expect(failureOf(() => reader.finish())).toBe(first)
})

test('a value of any size goes out as it comes in, and the memory of a chunk may be used again', () => {
  const chunk = Buffer.alloc(8)
  const parts: string[] = []
  const reader = new DataSetReader(EXPLICIT, (token) => parts.push(token.bytes.toString('latin1')))
  const dataSet = Buffer.concat([name, element(TAG.PixelData, 'OW', 'pixels'.repeat(10))])
  for (let at = 0; at < dataSet.length; at += 5) {
    const bytes = dataSet.copy(chunk, 0, at, at + 5)
    const before = parts.length
    reader.push(chunk.subarray(0, bytes))
    expect(parts.slice(before).join('').length).toBeLessThanOrEqual(5 + 12)
    chunk.fill(0xee)
  }
  reader.finish()
  expect(parts.join('')).toBe(dataSet.toString('latin1'))
})

const SYNTAXES = [EXPLICIT, IMPLICIT, TRANSFER_SYNTAX.ExplicitVRBigEndian, TRANSFER_SYNTAX.JPEG2000]

/** Random bytes alone rarely get past the first header: these are real pieces in random order. */
const pieces = fc.oneof(
  fc.constantFrom(name, item(name), item(Buffer.alloc(0), UNDEFINED), itemEnd, sequenceEnd),
  fc.constantFrom(sequence(Buffer.alloc(0), UNDEFINED), sequence(item(name)), Buffer.alloc(8)),
  fc.constantFrom(element(TAG.PixelData, 'OB', '', UNDEFINED), element(PRIVATE, 'UN', '', UNDEFINED)),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
)

test('no bytes, however they are cut, make the reader throw anything but a Failure or lose a byte', () => {
  fc.assert(
    fc.property(
      fc.array(pieces, { maxLength: 30 }),
      fc.constantFrom(...SYNTAXES),
      fc.integer({ min: 1, max: 40 }),
      (parts, uid, chunkBytes) => {
        const dataSet = Buffer.concat(parts)
        const whole = readTokens(dataSet, uid)
        const cut = readTokens(dataSet, uid, chunkBytes)
        expect(structure(cut)).toEqual(structure(whole))
        expect(cut.failure?.message).toBe(whole.failure?.message)
        expect(dataSet.subarray(0, cut.bytes.length)).toEqual(cut.bytes)
        expect(cut.failure !== undefined || cut.bytes.equals(dataSet)).toBe(true)
      },
    ),
    { numRuns: propertyRuns(2000) },
  )
})
