import { expect, test } from '@jest/globals'
import type { DeidOption } from '../../../src/agent/deidentify/element/profile.ts'
import { identityOf } from '../../../src/agent/deidentify/rules/patient-identity.ts'
import { shiftDates } from '../../../src/agent/deidentify/rules/shift-date.ts'
import { ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { EXPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { tagNamed, tagOf } from '../../support/instances/tag-named.ts'
import { deidentify, elementsOf, profileWith, TEST_KEY } from './deidentify-element.ts'

const { element, item } = writer(EXPLICIT_LITTLE)
const SAFE = { group: 0x0019, creator: 'ACME', elements: [1, 2, 3] }
const even = (text: string): string => (text.length % 2 === 0 ? text : `${text} `)

/** Elements in the order of their tags, with a patient. */
function left(
  elements: readonly (readonly [number, string, string | Buffer])[],
  options: readonly DeidOption[],
  name = 'Wang^Wu',
): (tag: number) => string | undefined {
  const all = [...elements, [TAG.PatientName, 'PN', name] as const, [TAG.PatientID, 'LO', 'P1'] as const]
  const parts = all.toSorted(([a], [b]) => a - b)
  const written = parts.map(([tag, vr, value]) =>
    element(tag, vr, Buffer.isBuffer(value) ? value : Buffer.from(even(value), 'utf8')),
  )
  const out = elementsOf(deidentify(Buffer.concat(written), profileWith(options, { safePrivate: [SAFE] })))
  return (tag) =>
    out
      .find((one) => one.tag === tag)
      ?.value.toString('utf8')
      .trim()
}

/** By the shift of the patient P1. */
const shifted = (value: string): string | undefined => shiftDates(value, shiftOf())

const shiftOf = (): number => {
  const head = new ElementList(EXPLICIT_LITTLE)
  head.set(TAG.PatientID, 'LO', Buffer.from('P1'))
  return TEST_KEY.dayShift(TEST_KEY.mark(identityOf(head)))
}

test('originals that an earlier de-identifier sealed do not stay', () => {
  const sealed = item(element(tagNamed('EncryptedContent'), 'OB', 'ciphertext'))
  expect(
    left([[TAG.EncryptedAttributesSequence, 'SQ', sealed]], [])(TAG.EncryptedAttributesSequence),
  ).toBeUndefined()
})

test.each([
  ['2024-13-99', TAG.StudyDate, ''],
  ['unknown', TAG.StudyDate, ''],
  ['20240230', tagNamed('ContentDate'), ''],
  ['unknown', tagNamed('SeriesDate'), undefined],
])(
  '"%s" is not a date: it does not stay, and an element that may be of Type 2 stays empty',
  (value, tag, expected) => {
    expect(left([[tag, 'DA', value]], ['retain-long-modified-dates'])(tag)).toBe(expected)
  },
)

const SPELLINGS = [
  '20240105',
  '2024-01-05',
  '2024.01.05',
  '2024/1/5',
  '05.01.2024',
  '1/5/2024',
  '5 Jan 2024',
  'January 5, 2024',
  '2024年1月5日',
  '二〇二四年一月五日',
  '5th of January 2024',
  '5. Januar 2024',
  '5 janvier 2024',
  '5 de enero de 2024',
  '5 января 2024',
  '2024년 1월 5일',
  '民国113年1月5日',
  '令和6年1月5日',
  '1月5日',
  'Jan 5',
  '24-1-5',
  '240105',
  '2024-005',
  '1704450000',
  '1704450000123',
]

test.each(SPELLINGS)('no kept text tells the real date as %s if dates are shifted or removed', (spelling) => {
  const elements = [
    [TAG.StudyDate, 'DA', '20240105'],
    [TAG.SpecificCharacterSet, 'CS', 'ISO_IR 192'],
    [tagNamed('SeriesDescription'), 'LO', `CT of ${spelling}, portal phase`],
    [tagOf(0x0019, 0x0010), 'LO', 'ACME'],
    [tagOf(0x0019, 0x1001), 'LO', `made ${spelling}`],
  ] as const
  const safe: DeidOption[] = ['clean-descriptors', 'retain-safe-private']
  for (const options of [[...safe, 'retain-long-modified-dates'], safe] as const) {
    const at = left(elements, options)
    expect([at(tagNamed('SeriesDescription')), at(tagOf(0x0019, 0x1001))]).toEqual([
      'CT of ***, portal phase',
      'made ***',
    ])
  }
  // The control: where dates stay as they are, they stay in text.
  const at = left(elements, [...safe, 'retain-long-full-dates'])
  expect([at(tagNamed('SeriesDescription')), at(tagOf(0x0019, 0x1001))]).toEqual([
    `CT of ${spelling}, portal phase`,
    `made ${spelling}`,
  ])
})

test('dates in private elements that are kept are shifted as the others are', () => {
  const elements = [
    [TAG.StudyDate, 'DA', '20240105'],
    [tagOf(0x0019, 0x0010), 'LO', 'ACME'],
    [tagOf(0x0019, 0x1001), 'DA', '20240107'],
    [tagOf(0x0019, 0x1002), 'DT', '20231231101112'],
    [tagOf(0x0019, 0x1003), 'DA', 'no date'],
  ] as const
  const at = left(elements, ['retain-safe-private', 'retain-long-modified-dates'])
  expect(at(TAG.StudyDate)).toBe(shifted('20240105'))
  expect(at(tagOf(0x0019, 0x1001))).toBe(shifted('20240107'))
  expect(at(tagOf(0x0019, 0x1002))).toBe(shifted('20231231101112'))
  expect(at(tagOf(0x0019, 0x1003))).toBe('')
})

test('a patient who is called like a defined term changes no code, and a name in a code does not stay', () => {
  const elements = [
    [TAG.ImageType, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL\\MARCHETTI'],
    [TAG.Modality, 'CS', 'CT'],
    [tagNamed('BodyPartExamined'), 'CS', 'CHEST'],
  ] as const
  for (const name of ['Chest^Axial', 'CHEST^PRIMARY', 'Original']) {
    const at = left(elements, ['clean-descriptors'], name)
    expect([at(TAG.ImageType), at(tagNamed('BodyPartExamined'))]).toEqual([
      'ORIGINAL\\PRIMARY\\AXIAL\\MARCHETTI',
      'CHEST',
    ])
  }
  const at = left(elements, ['clean-descriptors'], 'Marchetti^Axial')
  expect(at(TAG.ImageType)).toBe('ORIGINAL\\PRIMARY\\AXIAL\\X')
  expect(
    left(
      [[tagNamed('BodyPartExamined'), 'CS', 'MARCHETTI']],
      ['clean-descriptors'],
      'Marchetti^A',
    )(tagNamed('BodyPartExamined')),
  ).toBe('X')
})

test.each([
  ['text by PS3.6 that is written as bytes', tagNamed('Manufacturer'), 'OB'],
  ['text by PS3.6 that is written as a number', tagNamed('Manufacturer'), 'FD'],
  ['a number', tagNamed('SeriesNumber'), 'IS'],
  ['a measure', tagNamed('SliceThickness'), 'DS'],
  ['a time', tagNamed('StudyTime'), 'TM'],
] as const)('%s does not keep a name', (_, tag, vr) => {
  const named = (written: string) => left([[tag, vr, written]], ['clean-descriptors'], 'HIDDEN^PERSON')(tag)
  expect(named('HIDDEN PERSON   ') ?? '').not.toMatch(/HIDDEN|PERSON/)
  // The control: it is the name that does not stay.
  expect(named('123456.7        ')).toBeDefined()
})

const copy = (tag: number, vr: string, value: string) => () => left([[tag, vr, value]], [], 'HIDDEN^PERSON')

test('text of the patient among numbers, and a sequence that cannot be read, withhold the copy', () => {
  expect(copy(tagNamed('AcquisitionDuration'), 'FD', 'HIDDEN^PERSON   ')).toThrow('among numbers')
  expect(copy(tagNamed('AcquisitionDuration'), 'FD', 'OTHER0000^WOMAN ')).not.toThrow()
  expect(copy(tagNamed('DerivationCodeSequence'), 'OB', 'HIDDEN^PERSON   ')).toThrow('cannot be read as one')
})

test('a date with dots and a range of dates are shifted as a plain date is, and keep their form', () => {
  const [first = '', last = ''] = [shifted('20240105'), shifted('20240110')]
  expect([first.length, first === '20240105']).toEqual([8, false])
  const dotted = first.replace(/^(....)(..)(..)$/, '$1.$2.$3')
  for (const [written, expected] of [
    ['2024.01.05', dotted],
    ['20240105-20240110', `${first}-${last}`],
    ['20240105-', `${first}-`],
  ] as const)
    expect(left([[TAG.StudyDate, 'DA', written]], ['retain-long-modified-dates'])(TAG.StudyDate)).toBe(
      expected,
    )
})
