import { expect, test } from '@jest/globals'
import type { DeidOption } from '../../../src/agent/deidentify/element/profile.ts'
import { identityOf } from '../../../src/agent/deidentify/rules/patient-identity.ts'
import { shiftDates } from '../../../src/agent/deidentify/rules/shift-date.ts'
import { ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import { EXPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
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
  const all = [...elements, [0x0010_0010, 'PN', name] as const, [0x0010_0020, 'LO', 'P1'] as const]
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
  head.set(0x0010_0020, 'LO', Buffer.from('P1'))
  return TEST_KEY.dayShift(TEST_KEY.mark(identityOf(head)))
}

test('what an earlier de-identifier sealed of the originals does not stay', () => {
  const sealed = item(element(0x0400_0520, 'OB', 'ciphertext'))
  expect(left([[0x0400_0500, 'SQ', sealed]], [])(0x0400_0500)).toBeUndefined()
})

test.each([
  ['2024-13-99', 0x0008_0020, ''],
  ['unknown', 0x0008_0020, ''],
  ['20240230', 0x0008_0023, ''],
  ['unknown', 0x0008_0021, undefined],
])(
  '"%s" is no date: it does not stay, and an element that may be of Type 2 stays empty',
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

test.each(SPELLINGS)(
  'where dates are shifted or removed, no kept text tells the real one as %s',
  (spelling) => {
    const elements = [
      [0x0008_0020, 'DA', '20240105'],
      [0x0008_0005, 'CS', 'ISO_IR 192'],
      [0x0008_103e, 'LO', `CT of ${spelling}, portal phase`],
      [0x0019_0010, 'LO', 'ACME'],
      [0x0019_1001, 'LO', `made ${spelling}`],
    ] as const
    const safe: DeidOption[] = ['clean-descriptors', 'retain-safe-private']
    for (const options of [[...safe, 'retain-long-modified-dates'], safe] as const) {
      const at = left(elements, options)
      expect([at(0x0008_103e), at(0x0019_1001)]).toEqual(['CT of ***, portal phase', 'made ***'])
    }
    // The control: where dates stay as they are, they stay in text.
    const at = left(elements, [...safe, 'retain-long-full-dates'])
    expect([at(0x0008_103e), at(0x0019_1001)]).toEqual([
      `CT of ${spelling}, portal phase`,
      `made ${spelling}`,
    ])
  },
)

test('dates in private elements that are kept are shifted as the others are', () => {
  const elements = [
    [0x0008_0020, 'DA', '20240105'],
    [0x0019_0010, 'LO', 'ACME'],
    [0x0019_1001, 'DA', '20240107'],
    [0x0019_1002, 'DT', '20231231101112'],
    [0x0019_1003, 'DA', 'no date'],
  ] as const
  const at = left(elements, ['retain-safe-private', 'retain-long-modified-dates'])
  expect(at(0x0008_0020)).toBe(shifted('20240105'))
  expect(at(0x0019_1001)).toBe(shifted('20240107'))
  expect(at(0x0019_1002)).toBe(shifted('20231231101112'))
  expect(at(0x0019_1003)).toBe('')
})

test('a patient who is called like a defined term changes no code, and a name in a code does not stay', () => {
  const elements = [
    [0x0008_0008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL\\MARCHETTI'],
    [0x0008_0060, 'CS', 'CT'],
    [0x0018_0015, 'CS', 'CHEST'],
  ] as const
  for (const name of ['Chest^Axial', 'CHEST^PRIMARY', 'Original']) {
    const at = left(elements, ['clean-descriptors'], name)
    expect([at(0x0008_0008), at(0x0018_0015)]).toEqual(['ORIGINAL\\PRIMARY\\AXIAL\\MARCHETTI', 'CHEST'])
  }
  const at = left(elements, ['clean-descriptors'], 'Marchetti^Axial')
  expect(at(0x0008_0008)).toBe('ORIGINAL\\PRIMARY\\AXIAL\\X')
  expect(left([[0x0018_0015, 'CS', 'MARCHETTI']], ['clean-descriptors'], 'Marchetti^A')(0x0018_0015)).toBe(
    'X',
  )
})

test.each([
  ['text by PS3.6 that is written as bytes', 0x0008_0070, 'OB'],
  ['text by PS3.6 that is written as a number', 0x0008_0070, 'FD'],
  ['a number', 0x0020_0011, 'IS'],
  ['a measure', 0x0018_0050, 'DS'],
  ['a time', 0x0008_0030, 'TM'],
] as const)('%s does not keep a name', (_, tag, vr) => {
  const named = (written: string) => left([[tag, vr, written]], ['clean-descriptors'], 'HIDDEN^PERSON')(tag)
  expect(named('HIDDEN PERSON   ') ?? '').not.toMatch(/HIDDEN|PERSON/)
  // The control: it is the name that does not stay.
  expect(named('123456.7        ')).toBeDefined()
})

const copy = (tag: number, vr: string, value: string) => () => left([[tag, vr, value]], [], 'HIDDEN^PERSON')

test('text of the patient among numbers, and a sequence that cannot be read, withhold the copy', () => {
  expect(copy(0x0018_9073, 'FD', 'HIDDEN^PERSON   ')).toThrow('among numbers')
  expect(copy(0x0018_9073, 'FD', 'OTHER0000^WOMAN ')).not.toThrow()
  expect(copy(0x0008_9215, 'OB', 'HIDDEN^PERSON   ')).toThrow('cannot be read as one')
})
