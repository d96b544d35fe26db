import { encode } from 'iconv-lite'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { tagNamed } from '../../test/support/instances/tag-named.ts'
import { type Element, encodeDataSet } from '../study/elements.ts'
import { type HardCase, imageCase, imageElements, STUDY_DATE } from './hard-case.ts'
import type { Person } from './people.ts'
import { SAFE_CREATOR, SAFE_GROUP } from './plant.ts'

const ENHANCED_SR = '1.2.840.10008.5.1.4.1.1.88.33'
const [NAME, ID, BIRTH_DATE, SERIES_DESCRIPTION] = [
  TAG.PatientName,
  TAG.PatientID,
  TAG.PatientBirthDate,
  tagNamed('SeriesDescription'),
]

/** The hard cases of one person outside the text of frames. */
export function hardElements(person: Person): HardCase[] {
  return [
    ...wrongLengths(person),
    ...zeros(person),
    ...withoutIdentity(person),
    ...spellings(person),
    ...dates(person),
    ...concepts(person),
    ...sealedAndTerms(person),
  ]
}

const eachEncoded = (elements: readonly Element[]): Buffer[] => elements.map((one) => encodeDataSet([one]))

/** One element reaches over the next ones, headers and all; the data set still parses. */
function wrongLengths(person: Person): HardCase[] {
  const swallowing: readonly Element[] = [
    [tagNamed('Manufacturer'), 'LO', 'MAKER '],
    [tagNamed('ManufacturerModelName'), 'LO', 'MODEL '],
    [tagNamed('PrivateGroupReference'), 'US', [1]],
    [tagNamed('RecordKey'), 'OB', Buffer.alloc(8)],
    [tagNamed('PatientComments'), 'LT', 'remark'],
    [tagNamed('SoftwareVersions'), 'LO', 'V1'],
    [TAG.SamplesPerPixel, 'US', [1]],
    [tagNamed('LUTData'), 'OW', Buffer.alloc(8)],
  ]
  return swallowing.flatMap((element) => {
    const elements = imageElements(person, [element])
    const from = elements.findIndex(([tag]) => tag === element[0])
    const bytes = eachEncoded(elements)
    return Array.from({ length: elements.length - from - 1 }, (_, i) => from + 1 + i).map((to) => {
      const own = encodeDataSet([[element[0], element[1], '']]).length
      const value = Buffer.concat(bytes.slice(from, to + 1)).subarray(own)
      const dataSet = Buffer.concat([
        ...bytes.slice(0, from),
        encodeDataSet([[element[0], element[1], value]]),
        ...bytes.slice(to + 1),
      ])
      return imageCase('a wrong length', person, dataSet, { expected: 'either' })
    })
  })
}

function zeros(person: Person): HardCase[] {
  const bytes = eachEncoded(imageElements(person))
  return [0, 3, 8, 10, 13, bytes.length - 1].flatMap((at) =>
    [8, 12, 128, 512].map((count) =>
      imageCase(
        'zeros before an element',
        person,
        Buffer.concat([...bytes.slice(0, at), Buffer.alloc(count), ...bytes.slice(at)]),
        { expected: 'withheld' },
      ),
    ),
  )
}

function withoutIdentity(person: Person): HardCase[] {
  const anonymous = imageElements(person, [[SERIES_DESCRIPTION, 'LO', Buffer.from(person.name)]], [NAME, ID])
  return [imageCase('neither name nor ID', person, anonymous, { expected: 'withheld' })]
}

/** One patient of one study, as several modalities write them. */
function spellings(person: Person): HardCase[] {
  const [alphabetic = '', ideographic = ''] = person.name.split('=')
  const names = [
    person.name,
    `${person.name} `,
    alphabetic.toUpperCase(),
    `${alphabetic}^^^`,
    `${alphabetic}==`,
  ]
  const chinese = ideographic === '' ? [] : [ideographic.replace('^', ''), `=${ideographic}`]
  const inUtf8 = [...names, ...chinese, alphabetic.replace('^', '  '), alphabetic.replace('^', ', ')]
  const inOther: [string, Buffer][] =
    ideographic === ''
      ? [['ISO_IR 100', encode(alphabetic, 'latin1')]]
      : ['GB18030', 'GBK', 'ISO_IR 100', ''].map((set) => [set, encode(ideographic, 'gb18030')])
  const written: [string, Buffer][] = [
    ...inUtf8.map((name): [string, Buffer] => ['ISO_IR 192', Buffer.from(name)]),
    ...inOther,
  ]
  const { birthDate } = person
  const dotted = birthDate.replace(/(....)(..)(..)/, '$1.$2.$3')
  return written.flatMap(([set, name]) =>
    [person.id, '', undefined, ` ${person.id} `].map((id, i) =>
      imageCase(
        'one patient in several spellings',
        person,
        imageElements(
          person,
          [
            [TAG.SpecificCharacterSet, 'CS', set],
            [NAME, 'PN', name],
            [BIRTH_DATE, 'DA', i % 2 === 0 ? birthDate : dotted],
            ...(id === undefined ? [] : ([[ID, 'LO', id]] as Element[])),
          ],
          id === undefined ? [ID] : [],
        ),
        { group: `${person.number}` },
      ),
    ),
  )
}

/** The study's own date, in the ways in which people and devices write it. */
const DATE_SPELLINGS = [
  '20231127',
  '2023-11-27',
  '2023/11/27',
  '27.11.2023',
  '11/27/2023',
  '27-NOV-2023',
  'Nov 27, 2023',
  'November 27th 2023',
  '2023年11月27日',
  '二〇二三年十一月二十七日',
  '20231127T101500',
  '2023-11-27T10:15:00+08:00',
  '20231127101500',
  '23-11-27',
]

function dates(person: Person): HardCase[] {
  return DATE_SPELLINGS.map((spelling) => {
    const block = SAFE_GROUP * 0x1_0000
    const changed: Element[] = [
      [SERIES_DESCRIPTION, 'LO', Buffer.from(`scan of ${spelling} axial`)],
      [tagNamed('ImageComments'), 'LT', Buffer.from(`as on ${spelling}.`)],
      [block + 0x10, 'LO', SAFE_CREATOR],
      [block + 0x1001, 'LO', Buffer.from(`made ${spelling}`)],
      [block + 0x1002, 'DA', STUDY_DATE],
      [block + 0x1003, 'DT', `${STUDY_DATE}101500`],
    ]
    return imageCase('dates in text and private elements', person, imageElements(person, changed), {
      dates: [STUDY_DATE],
      kept: [Buffer.from('scan of '), Buffer.from(' axial')],
    })
  })
}

const CONCEPTS: readonly (readonly [code: string, scheme: string, meaning: string, relationship?: string])[] =
  [
    ['111700', 'DCM', 'Specimen Container Identifier'],
    ['111705', 'DCM', 'Parent Specimen Identifier'],
    ['111706', 'DCM', 'Issuer of Parent Specimen Identifier'],
    ['111724', 'DCM', 'Issuer of Specimen Identifier'],
    ['121041', 'DCM', 'Specimen Identifier'],
    ['121022', 'DCM', 'Accession Number'],
    ['128775', 'DCM', "Identifier within Person Observer's Role"],
    ['128774', 'DCM', "Person Observer's Login Name"],
    ['L1', '99LOCAL', 'Medical record number'],
    ['L2', '99LOCAL', '住院号'],
    ['L3', '99LOCAL', 'Where', 'HAS OBS CONTEXT'],
    ['L4', '99LOCAL', 'By', 'HAS OBS CONTEXT'],
    ['121009', 'DCM', "Person Observer's Organization Name", 'HAS OBS CONTEXT'],
  ]
/** A serial number that is not a known value of a person: only its concept says what it is. */
const SERIAL = 'S-4711-0815'

const named = (value: string, of: string, words: string): Element[] => [
  [TAG.CodeValue, 'SH', value],
  [TAG.CodingSchemeDesignator, 'SH', of],
  [TAG.CodeMeaning, 'LO', Buffer.from(words)],
]

function concepts(person: Person): HardCase[] {
  return CONCEPTS.map(([code, scheme, meaning, relationship = 'CONTAINS']) => {
    const content: Element[] = [
      [TAG.RelationshipType, 'CS', relationship],
      [TAG.ValueType, 'CS', 'TEXT'],
      [TAG.ConceptNameCodeSequence, 'SQ', [named(code, scheme, meaning)]],
      [TAG.TextValue, 'UT', SERIAL],
    ]
    const report = imageElements(
      person,
      [
        [TAG.SOPClassUID, 'UI', ENHANCED_SR],
        [TAG.Modality, 'CS', 'SR'],
        [TAG.ValueType, 'CS', 'CONTAINER'],
        [TAG.ConceptNameCodeSequence, 'SQ', [named('126000', 'DCM', 'Imaging Measurement Report')]],
        [TAG.ContentSequence, 'SQ', [content]],
      ],
      [
        TAG.SamplesPerPixel,
        TAG.PhotometricInterpretation,
        TAG.Rows,
        TAG.Columns,
        TAG.BitsAllocated,
        TAG.BitsStored,
        TAG.HighBit,
        TAG.PixelRepresentation,
        TAG.PixelData,
      ],
    )
    return imageCase('identifiers in reports', { ...person, idCard: SERIAL }, report, {
      sopClassUid: ENHANCED_SR,
      kept: [Buffer.from('CONTAINER')],
    })
  })
}

function sealedAndTerms(person: Person): HardCase[] {
  const sealed: Element = [
    TAG.EncryptedAttributesSequence,
    'SQ',
    [
      [
        [tagNamed('EncryptedContentTransferSyntaxUID'), 'UI', '1.2.840.10008.1.2.1'],
        [tagNamed('EncryptedContent'), 'OB', Buffer.from(`${person.name}${person.id} `)],
      ],
    ],
  ]
  const term = { ...person, name: 'Chest^Axial' }
  return [
    imageCase('encrypted originals', person, imageElements(person, [sealed])),
    imageCase(
      'a patient called like a term',
      { ...term, name: '' },
      imageElements(term, [[tagNamed('BodyPartExamined'), 'CS', 'CHEST']]),
      { kept: [Buffer.from('CHEST'), Buffer.from('AXIAL')] },
    ),
  ]
}
