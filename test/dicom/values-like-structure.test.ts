import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { DataSetCheck } from '../../src/dicom/check/check-data-set.ts'
import type { Finding } from '../../src/dicom/check/check-findings.ts'
import { editDataSet } from '../../src/dicom/edit/data-set-editor.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'
import { propertyRuns } from '../support/property-runs.ts'
import { EXPLICIT_LITTLE, IMPLICIT_LITTLE, UNDEFINED, writer } from './build-data-set.ts'
import { failureOf, readTokens } from './read-tokens.ts'

const explicit = writer(EXPLICIT_LITTLE)
const implicit = writer(IMPLICIT_LITTLE)
const IMPLICIT = TRANSFER_SYNTAX.ImplicitVRLittleEndian
const EXPLICIT = TRANSFER_SYNTAX.ExplicitVRLittleEndian
const CREATOR = tagOf(0x0029, 0x0010)
const PRIVATE = tagOf(0x0029, 0x1010)
const RED_PALETTE = tagNamed('RedPaletteColorLookupTableData')
const PURPOSE_SEQUENCE = tagNamed('PurposeOfReferenceCodeSequence')
const CODE_VALUE = TAG.CodeValue
const CODE_MEANING = TAG.CodeMeaning

/** Words of 16 bits whose first four read as the header of an item of this length. */
const likeItem = (itemLength: number, bytes: number): Buffer => {
  const value = Buffer.alloc(bytes, 0xc8)
  value.writeUInt32LE(0xe000_fffe, 0)
  value.writeUInt32LE(itemLength, 4)
  return value
}

test.each([
  ['of a private element in implicit VR', implicit, IMPLICIT, PRIVATE, '--'],
  ['of a private element in UN', explicit, EXPLICIT, PRIVATE, 'UN'],
  ['of a palette in implicit VR', implicit, IMPLICIT, RED_PALETTE, '--'],
  ['of overlay data in implicit VR', implicit, IMPLICIT, tagOf(0x6000, 0x3000), '--'],
])('a binary value %s that begins like an item is read as a value', (_, { element }, uid, tag, vr) => {
  for (const itemLength of [0, 8, 24, 100, 191, 192, UNDEFINED]) {
    for (const chunk of [1, 7, 4096]) {
      const dataSet = Buffer.concat([
        element(CREATOR, 'LO', 'T2 TEST '),
        element(tag, 'UN', likeItem(itemLength, 200)),
      ])
      const { tokens, failure } = readTokens(dataSet, uid, chunk)
      expect([itemLength, failure]).toEqual([itemLength, undefined])
      expect(tokens).toContain(`element 0 (${tagDigits(tag)}) ${vr} value`)
    }
  }
})

test('a binary value of 1 MB in a private element that begins like an item is read as a value', () => {
  const dataSet = implicit.element(PRIVATE, 'UN', likeItem(900_000, 1_000_000))
  expect(readTokens(dataSet, IMPLICIT, 16_384).failure).toBeUndefined()
})

test('random words after the header of an item are read as a value, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 24, maxLength: 200 }), fc.boolean(), (words, isUndefined) => {
      const value = Buffer.concat([likeItem(isUndefined ? UNDEFINED : words.length, 8), words])
      const dataSet = Buffer.concat([
        implicit.element(PRIVATE, 'UN', value),
        implicit.element(TAG.PixelData, 'OW', 'ab'),
      ])
      expect(readTokens(dataSet, IMPLICIT).failure).toBeUndefined()
    }),
    { numRuns: propertyRuns(20_000) },
  )
})

/** Two items, one of them with a nested sequence and an icon in fragments. */
function items({ element, item, itemEnd, sequenceEnd }: ReturnType<typeof writer>, stated: boolean): Buffer {
  const nested = element(PURPOSE_SEQUENCE, 'SQ', item(element(CODE_VALUE, 'SH', '121322')))
  const content = Buffer.concat([
    element(CODE_VALUE, 'SH', 'T-A0100 '),
    element(CODE_MEANING, 'LO', 'Brain '),
    nested,
  ])
  const one = stated ? item(content) : Buffer.concat([item(content, UNDEFINED), itemEnd])
  return Buffer.concat([one, one, stated ? Buffer.alloc(0) : sequenceEnd])
}

test.each([
  ['private, in implicit VR', implicit, IMPLICIT, PRIVATE, implicit, '--', true],
  ['private, in UN', explicit, EXPLICIT, PRIVATE, implicit, 'UN', true],
  [
    'private, with items in explicit VR inside implicit VR',
    implicit,
    IMPLICIT,
    PRIVATE,
    explicit,
    '--',
    true,
  ],
  [
    'private and of undefined length, with items in explicit VR',
    implicit,
    IMPLICIT,
    PRIVATE,
    explicit,
    '--',
    false,
  ],
  ['private, with items in explicit VR inside UN', explicit, EXPLICIT, PRIVATE, explicit, 'UN', true],
  [
    'of the standard, with items in explicit VR',
    implicit,
    IMPLICIT,
    tagNamed('AnatomicRegionSequence'),
    explicit,
    '--',
    true,
  ],
  [
    'of the standard and of undefined length, likewise',
    implicit,
    IMPLICIT,
    tagNamed('AnatomicRegionSequence'),
    explicit,
    '--',
    false,
  ],
])('a sequence that is %s is read item by item', (_, outer, uid, tag, inner, vr, stated) => {
  const value = items(inner, stated)
  const dataSet = Buffer.concat([
    outer.element(tag, 'UN', value, stated ? value.length : UNDEFINED),
    outer.element(TAG.PixelData, 'OW', 'ab'),
  ])
  for (const chunk of [1, 13, dataSet.length]) {
    const { tokens, failure } = readTokens(dataSet, uid, chunk)
    expect(failure).toBeUndefined()
    expect(tokens).toContain(`element 0 (${tagDigits(tag)}) ${vr} items`)
    expect(tokens.filter((token) => token.includes('element 2'))).toHaveLength(2)
  }
  expect(editDataSet(dataSet, uid, { edit: () => {}, large: () => 'keep' })).toEqual(dataSet)
})

test('items in explicit VR inside implicit VR are written in explicit VR after an edit', () => {
  const content = items(explicit, true)
  const dataSet = implicit.element(tagNamed('AnatomicRegionSequence'), 'SQ', content)
  const edited = editDataSet(dataSet, IMPLICIT, {
    edit: (part) => part.elements[0]?.items?.[0]?.list.find(CODE_MEANING)?.replace(Buffer.from('Head')),
    large: () => 'keep',
  })
  const { tokens, failure } = readTokens(edited, IMPLICIT)
  expect(failure).toBeUndefined()
  expect(tokens).toContain('value Head last')
  expect(edited.length).toBe(dataSet.length - 2)
})

/** An image whose data set has this at some place before its pixel data. */
const image = (hole: Buffer): Buffer =>
  Buffer.concat([
    explicit.element(TAG.SOPClassUID, 'UI', '1.2.840.10008.5.1.4.1.1.2\0'),
    explicit.element(TAG.SOPInstanceUID, 'UI', '1.2.3.4\0'),
    hole,
    explicit.element(TAG.PatientName, 'PN', 'Chen^A'),
    explicit.element(TAG.PixelData, 'OW', Buffer.alloc(48, 7)),
  ])

test.each([8, 9, 16, 128, 512])(
  'an edit that drops what follows a data set refuses %i zeros with data after them',
  (zeros) => {
    const edits = { edit: () => {}, large: () => 'keep' as const, dropRest: true }
    expect(failureOf(() => editDataSet(image(Buffer.alloc(zeros)), EXPLICIT, edits))?.code).toBe(
      'DATA_SET_UNREADABLE',
    )
    const padded = Buffer.concat([image(Buffer.alloc(0)), Buffer.alloc(zeros)])
    expect(editDataSet(padded, EXPLICIT, edits)).toEqual(image(Buffer.alloc(0)))
  },
)

test('a whole DICOM file that was sent as the data set is not edited', () => {
  const file = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), image(Buffer.alloc(0))])
  const edits = { edit: () => {}, large: () => 'keep' as const, dropRest: true }
  expect(failureOf(() => editDataSet(file, EXPLICIT, edits))?.code).toBe('DATA_SET_UNREADABLE')
})

test('nothing is found in an image with a private blob that begins like an item', () => {
  const check = new DataSetCheck(EXPLICIT)
  check.push(
    Buffer.concat([
      explicit.element(CREATOR, 'LO', 'T2 TEST '),
      explicit.element(PRIVATE, 'UN', likeItem(24, 200)),
      explicit.element(TAG.PixelData, 'OW', Buffer.alloc(48)),
    ]),
  )
  const structural: Finding[] = ['unreadable', 'truncated', 'transferSyntax', 'trailingBytes']
  expect(check.finish().filter((finding) => structural.includes(finding))).toEqual([])
})

const tagDigits = (tag: number): string => {
  const digits = tag.toString(16).padStart(8, '0')
  return `${digits.slice(0, 4)},${digits.slice(4)}`
}
