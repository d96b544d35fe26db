import { describe, expect, test } from '@jest/globals'
import { encode } from 'iconv-lite'
import type { DeidOption } from '../../../src/agent/deidentify/element/profile.ts'
import { type DataElement, walk } from '../../../src/dicom/edit/data-set-tree.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { EXPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { tagNamed } from '../../support/instances/tag-named.ts'
import { checkReadable, deidentify, elementsOf, profileWith } from './deidentify-element.ts'

const { element, item } = writer(EXPLICIT_LITTLE)
const even = (text: string, padding = ' '): string => (text.length % 2 === 0 ? text : text + padding)
const of = (vr: string, tag: number, text: string): Buffer =>
  element(tag, vr, even(text, vr === 'UI' ? '\0' : ' '))

type Code = readonly [value: string, scheme: string, meaning: string]
const code = ([value, scheme, meaning]: Code): Buffer =>
  item(
    Buffer.concat([
      of('SH', TAG.CodeValue, value),
      of('SH', TAG.CodingSchemeDesignator, scheme),
      of('LO', TAG.CodeMeaning, meaning),
    ]),
  )

/** A content item: what it is, under which name, and its value. */
function content(type: string, name: Code, ...values: readonly Buffer[]): Buffer {
  const [before, after] = [
    values.filter((bytes) => tagOf(bytes) < TAG.ValueType),
    values.filter((bytes) => tagOf(bytes) > TAG.ValueType),
  ]
  return item(
    Buffer.concat([
      ...before,
      of('CS', TAG.RelationshipType, 'CONTAINS'),
      of('CS', TAG.ValueType, type),
      element(TAG.ConceptNameCodeSequence, 'SQ', code(name)),
      ...after,
    ]),
  )
}
const tagOf = (bytes: Buffer): number => bytes.readUInt16LE() * 0x1_0000 + bytes.readUInt16LE(2)

const FINDING: Code = ['121071', 'DCM', 'Finding']
const LENGTH: Code = ['410668003', 'SCT', 'Length']
const MM: Code = ['mm', 'UCUM', 'mm']
const text = (value: string): Buffer => of('UT', TAG.TextValue, value)
const number = (value: string): Buffer =>
  element(
    TAG.MeasuredValueSequence,
    'SQ',
    item(
      Buffer.concat([
        element(tagNamed('MeasurementUnitsCodeSequence'), 'SQ', code(MM)),
        of('DS', TAG.NumericValue, value),
      ]),
    ),
  )

/** Text of the observation context. */
const inContext = (concept: Code, value: string): Buffer =>
  item(
    Buffer.concat([
      of('CS', TAG.RelationshipType, 'HAS OBS CONTEXT'),
      of('CS', TAG.ValueType, 'TEXT'),
      element(TAG.ConceptNameCodeSequence, 'SQ', code(concept)),
      text(value),
    ]),
  )

/** The report of ZHANG SAN with these items, one within another to a depth. */
function report(items: readonly Buffer[], depth = 0): Buffer {
  let sequence: Buffer = Buffer.concat(items)
  for (let i = 0; i < depth; i++) {
    sequence = content('CONTAINER', FINDING, element(TAG.ContentSequence, 'SQ', sequence))
  }
  return Buffer.concat([
    of('PN', TAG.PatientName, 'ZHANG^SAN'),
    element(TAG.ConceptNameCodeSequence, 'SQ', code(['126000', 'DCM', 'Imaging Measurement Report'])),
    element(TAG.ContentSequence, 'SQ', sequence),
  ])
}

/** All plain values of the report as they leave, by tag; and all their bytes. */
function cleaned(items: readonly Buffer[], options: readonly DeidOption[] = [], depth = 0) {
  const dataSet = deidentify(report(items, depth), profileWith(options))
  checkReadable(dataSet)
  const values = new Map<number, string[]>()
  const take = (found: DataElement): void => {
    if (found.items !== undefined) return
    values.set(found.tag, [
      ...(values.get(found.tag) ?? []),
      found.value.toString('latin1').replace(/[\0 ]+$/, ''),
    ])
  }
  for (const found of elementsOf(dataSet)) {
    take(found)
    for (const { list } of found.items ?? []) walk(list, take)
  }
  return { dataSet, at: (tag: number) => values.get(tag) ?? [] }
}

test('text that takes long to be searched is not kept, however clean it may be', () => {
  const findings = ['no lesion', 'no lesion '.repeat(200_000)].map((words) =>
    content('TEXT', FINDING, text(words)),
  )
  const { at } = cleaned(findings, ['clean-structured-content'])
  expect(at(TAG.TextValue)).toEqual(['no lesion', 'ANONYMIZED'])
})

describe('the content of a structured report', () => {
  test.each([0, 1, 6])('free text leaves only where it is cleaned, at depth %i', (depth) => {
    const items = [content('TEXT', FINDING, text('the son of Dr. Li has ZHANG SAN on his wrist'))]
    expect(cleaned(items, [], depth).at(TAG.TextValue)).toEqual(['ANONYMIZED'])
    const scrubbed = cleaned(items, ['clean-structured-content'], depth).at(TAG.TextValue)
    expect(scrubbed).toEqual(['the son of Dr. Li has *** on his wrist'])
  })

  test('numbers, their units, coordinates and published codes keep their bytes', () => {
    const code1: Code = ['39607008', 'SCT', 'Lung']
    const items = [
      content('NUM', LENGTH, number('17.5')),
      content('CODE', FINDING, element(TAG.ConceptCodeSequence, 'SQ', code(code1))),
      content(
        'SCOORD',
        FINDING,
        element(tagNamed('GraphicData'), 'FL', Buffer.alloc(8, 1)),
        of('CS', tagNamed('GraphicType'), 'POINT'),
      ),
    ]
    const { dataSet } = cleaned(items)
    for (const bytes of [
      number('17.5'),
      code(code1),
      code(LENGTH),
      element(tagNamed('GraphicData'), 'FL', Buffer.alloc(8, 1)),
    ]) {
      expect(dataSet.includes(bytes)).toBe(true)
    }
  })

  test.each([['99HOSPITAL'], ['L'], [''], ['DCM2'], ['dcm']])(
    'a code of the scheme "%s" may be that of a doctor, and is replaced',
    (scheme) => {
      const items = [
        content(
          'CODE',
          ['D17', scheme, 'DOCTOR LI'],
          element(TAG.ConceptCodeSequence, 'SQ', code(['D17', scheme, 'DOCTOR LI'])),
        ),
      ]
      for (const options of [[], ['clean-structured-content']] as const) {
        const { dataSet, at } = cleaned(items, options)
        expect(dataSet.includes('D17')).toBe(false)
        expect(dataSet.includes('DOCTOR')).toBe(false)
        expect(at(TAG.CodingSchemeDesignator)).toContain('99FERRY')
      }
    },
  )

  test("the document's own name is treated as a code like the others", () => {
    const dataSet = Buffer.concat([
      element(TAG.PatientName, 'PN', 'Chen^A'),
      element(TAG.ConceptNameCodeSequence, 'SQ', code(['Z1', '99HOSPITAL', 'LETTER TO DOCTOR LI'])),
    ])
    expect(deidentify(dataSet, profileWith([])).includes('DOCTOR')).toBe(false)
  })

  test('people, dates and UIDs are treated as their value types say', () => {
    const items = [
      content('PNAME', ['121008', 'DCM', 'Person Observer Name'], of('PN', TAG.PersonName, 'LI^SI')),
      content('DATE', FINDING, of('DA', TAG.Date, '20240301')),
      content('DATETIME', FINDING, of('DT', TAG.DateTime, '20240301101112')),
      content('UIDREF', FINDING, of('UI', TAG.UID, '1.2.3.4')),
    ]
    const basic = cleaned(items)
    expect(basic.at(TAG.PersonName)).toEqual(['ANONYMIZED'])
    expect(basic.at(TAG.Date)).toEqual(['19000101'])
    expect(basic.at(TAG.UID)[0]).toMatch(/^2\.25\./)
    expect(cleaned(items, ['retain-long-full-dates']).at(TAG.DateTime)).toEqual(['20240301101112'])
    const [shifted = ''] = cleaned(items, ['retain-long-modified-dates']).at(TAG.DateTime)
    expect(shifted).toMatch(/^\d{8}101112$/)
    expect(shifted).not.toBe('20240301101112')
  })

  test('a value that its concept calls identity does not stay, though its text is cleaned and its dates are kept', () => {
    const items = [
      content('TEXT', ['121030', 'DCM', 'Subject ID'], text('ANOTHER-17')),
      content('TEXT', ['121009', 'DCM', "Person Observer's Organization Name"], text('SEVENTH HOSPITAL')),
      content('DATE', ['121031', 'DCM', 'Subject Birth Date'], of('DA', TAG.Date, '19800203')),
      content('NUM', ['121033', 'DCM', 'Subject Age'], number('93')),
      content(
        'CODE',
        ['121032', 'DCM', 'Subject Sex'],
        element(TAG.ConceptCodeSequence, 'SQ', code(['F', 'DCM', 'Female'])),
      ),
    ]
    const { dataSet, at } = cleaned(items, ['clean-structured-content', 'retain-long-full-dates'])
    for (const planted of ['ANOTHER', 'SEVENTH', '19800203', '93', 'Female']) {
      expect(dataSet.includes(planted)).toBe(false)
    }
    expect(at(TAG.TextValue)).toEqual(['ANONYMIZED', 'ANONYMIZED'])
    const kept = cleaned(items, [
      'clean-structured-content',
      'retain-institution-identity',
      'retain-patient-characteristics',
    ])
    expect(kept.at(TAG.TextValue)).toEqual(['ANONYMIZED', 'SEVENTH HOSPITAL'])
    expect(kept.at(TAG.NumericValue)).toEqual(['93'])
    expect(kept.dataSet.includes('Female')).toBe(true)
  })

  test.each([
    ['111700', 'DCM', 'Specimen Container Identifier'],
    ['111705', 'DCM', 'Parent Specimen Identifier'],
    ['111706', 'DCM', 'Issuer of Parent Specimen Identifier'],
    ['111724', 'DCM', 'Issuer of Specimen Identifier'],
    ['121043', 'DCM', 'Slide Identifier'],
    ['125010', 'DCM', 'Identifier'],
    ['110190', 'DCM', 'Issuer of Identifier'],
    ['128775', 'DCM', "Identifier within Person Observer's Role"],
    ['121196', 'DCM', 'Device Subject Serial Number'],
    ['121434', 'DCM', 'Service Delivery Location'],
    ['113512', 'DCM', 'Radiopharmaceutical Lot Identifier'],
    ['L1', '99LOCAL', 'Medical record number'],
    ['98765-4', 'LN', 'Hospital name'],
    ['Z9', '99LOCAL', '住院号'],
    ['Z8', '99LOCAL', 'Ward'],
    ['199999', 'DCM', 'Issuer of something that a later edition has'],
  ] as const)('text of the concept %s %s, "%s", does not stay', (value, scheme, meaning) => {
    const concept: Code = [value, scheme, Buffer.from(meaning, 'utf8').toString('latin1')]
    const { dataSet } = cleaned([content('TEXT', concept, text('S-4711'))], ['clean-structured-content'])
    expect(dataSet.includes('S-4711')).toBe(false)
  })

  test('a concept of another scheme is understood in GB 18030, too', () => {
    const concept: Code = ['Z9', '99LOCAL', encode('住院号', 'gb18030').toString('latin1')]
    const { dataSet } = cleaned([content('TEXT', concept, text('S-4711'))], ['clean-structured-content'])
    expect(dataSet.includes('S-4711')).toBe(false)
  })

  test.each([
    ['112039', 'DCM', 'Tracking Identifier'],
    ['121151', 'DCM', 'Lesion Identifier'],
    ['121071', 'DCM', 'Finding'],
  ] as const)('text of the concept %s %s, "%s", stays', (...concept) => {
    const { dataSet } = cleaned([content('TEXT', concept, text('S-4711'))], ['clean-structured-content'])
    expect(dataSet.includes('S-4711')).toBe(true)
  })

  test('text of the observation context does not stay, whatever its code, but for what an option keeps', () => {
    const items = [
      inContext(['L1', '99LOCAL', 'Where'], 'SEVENTH HOSPITAL'),
      inContext(['121009', 'DCM', "Person Observer's Organization Name"], 'EIGHTH HOSPITAL'),
    ]
    const basic = cleaned(items, ['clean-structured-content'])
    expect(basic.dataSet.includes('HOSPITAL')).toBe(false)
    const kept = cleaned(items, ['clean-structured-content', 'retain-institution-identity'])
    expect(kept.dataSet.includes('EIGHTH HOSPITAL')).toBe(true)
    expect(kept.dataSet.includes('SEVENTH HOSPITAL')).toBe(false)
  })

  test('text where no content item has any does not stay', () => {
    const items = [
      content(
        'CONTAINER',
        FINDING,
        of('LO', tagNamed('SeriesDescription'), 'OF MR WANG'),
        of('LT', tagNamed('UniformResourceLocatorTrial'), 'OF MR WANG'),
      ),
      item(of('LO', TAG.CodeMeaning, 'OF MR WANG')),
      content(
        'IMAGE',
        FINDING,
        element(
          TAG.ReferencedSOPSequence,
          'SQ',
          item(of('LO', tagNamed('IssuerOfPatientIDQualifiersSequence'), 'OF MR WANG')),
        ),
      ),
    ]
    for (const options of [[], ['clean-structured-content', 'clean-descriptors']] as const) {
      const { dataSet } = cleaned(items.slice(1), options)
      expect(dataSet.includes('WANG')).toBe(false)
    }
    expect(cleaned(items).dataSet.includes('WANG')).toBe(false)
  })
})
