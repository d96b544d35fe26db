import { expect, test } from '@jest/globals'
import { encode } from 'iconv-lite'
import { Deidentification } from '../../../src/agent/deidentify/deidentification.ts'
import type { StudyPersons } from '../../../src/agent/deidentify/rules/study-persons.ts'
import { editDataSet } from '../../../src/dicom/edit/data-set-editor.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import { EXPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { elementsOf, profileWith, TEST_KEY } from './deidentify-element.ts'

const { element } = writer(EXPLICIT_LITTLE)
const CT = '1.2.840.10008.5.1.4.1.1.2'
const even = (value: Buffer, padding = 0x20): Buffer =>
  value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from([padding])])

interface Person {
  readonly id?: string
  readonly name?: string | Buffer
  readonly birthDate?: string
  readonly characterSet?: string
  readonly study?: string
  readonly instance?: string
}

function dataSetOf({ id, name, birthDate, characterSet, study, instance }: Person): Buffer {
  const parts: Buffer[] = []
  const add = (tag: number, vr: string, value: string | Buffer | undefined, padding = 0x20): void => {
    if (value === undefined) return
    parts.push(element(tag, vr, even(Buffer.isBuffer(value) ? value : Buffer.from(value, 'latin1'), padding)))
  }
  add(TAG.SpecificCharacterSet, 'CS', characterSet)
  add(TAG.SOPClassUID, 'UI', CT, 0)
  add(TAG.SOPInstanceUID, 'UI', instance ?? '1.2.3.4', 0)
  add(TAG.StudyDate, 'DA', '20240105')
  add(TAG.AccessionNumber, 'SH', '')
  add(TAG.PatientName, 'PN', name)
  add(TAG.PatientID, 'LO', id)
  add(TAG.PatientBirthDate, 'DA', birthDate)
  add(TAG.StudyInstanceUID, 'UI', study ?? '1.2.3', 0)
  return Buffer.concat(parts)
}

/** Who it is in the copy. */
interface Copy {
  readonly id: string | undefined
  readonly name: string | undefined
  readonly accession: string | undefined
  readonly studyDate: string | undefined
}

function copyOf(person: Person, studies?: StudyPersons): Copy {
  const edits = new Deidentification({
    profile: profileWith(['retain-long-modified-dates']),
    key: TEST_KEY,
    source: { device: undefined, callingAeTitle: 'CT1' },
    sopClassUid: CT,
    transferSyntaxUid: TRANSFER_SYNTAX.ExplicitVRLittleEndian,
    studies,
  })
  const out = elementsOf(editDataSet(dataSetOf(person), TRANSFER_SYNTAX.ExplicitVRLittleEndian, edits))
  const at = (tag: number): string | undefined =>
    out
      .find((one) => one.tag === tag)
      ?.value.toString('latin1')
      .trim()
  return {
    id: at(TAG.PatientID),
    name: at(TAG.PatientName),
    accession: at(TAG.AccessionNumber),
    studyDate: at(TAG.StudyDate),
  }
}

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')
const SAME: readonly (readonly [string, Person, Person])[] = [
  ['delimiters at the end', { name: 'Miller^Richard' }, { name: 'Miller^Richard^^^' }],
  ['empty component groups at the end', { name: 'Miller^Richard' }, { name: 'Miller^Richard==' }],
  ['letter case', { name: 'Miller^Richard' }, { name: 'MILLER^RICHARD' }],
  ['spaces', { name: 'Miller^Richard' }, { name: '  Miller ^  Richard' }],
  ['a name without its delimiter', { name: 'Miller^Richard' }, { name: 'Miller, Richard' }],
  [
    'the character set',
    { name: encode('张^三', 'gb18030'), characterSet: 'GB18030' },
    { name: utf8('张^三'), characterSet: 'ISO_IR 192' },
  ],
  [
    'full width letters',
    { name: utf8('Ｍｉｌｌｅｒ＾Richard'), characterSet: 'ISO_IR 192' },
    { name: 'Miller^Richard' },
  ],
  [
    'half-width Katakana',
    { name: utf8('ﾔﾏﾀﾞ^ﾀﾛｳ'), characterSet: 'ISO_IR 192' },
    { name: utf8('ヤマダ^タロウ'), characterSet: 'ISO_IR 192' },
  ],
  [
    'the Latin group beside the ideographic one',
    { name: utf8('Zhang^San=张^三'), characterSet: 'ISO_IR 192' },
    { name: utf8('张三'), characterSet: 'ISO_IR 192' },
  ],
  [
    'the form of the birth date',
    { name: 'Miller^Richard', birthDate: '1970.01.31' },
    { name: 'Miller^Richard', birthDate: '19700131' },
  ],
  ...['1970-1-31', '70-1-31', '31.01.1970', '1970/01/31'].map((birthDate): [string, Person, Person] => [
    `the birth date as ${birthDate}`,
    { name: 'Miller^Richard', birthDate },
    { name: 'Miller^Richard', birthDate: '19700131' },
  ]),
  [
    'entry for a birth date that is not known',
    { name: 'Miller^Richard', birthDate: '00000000' },
    { name: 'Miller^Richard', birthDate: '' },
  ],
  [
    'sign between the parts of a name in Hangul',
    { name: utf8('홍^길동'), characterSet: 'ISO_IR 192' },
    { name: utf8('홍길동'), characterSet: 'ISO_IR 192' },
  ],
  ['backslash after the ID', { id: '17', name: 'Li' }, { id: '17\\', name: 'Li' }],
  ['padding of the ID', { id: 'P 17', name: 'A' }, { id: '  P 17  ', name: 'B' }],
  [
    'the width of the ID',
    { id: 'P-17', name: 'A' },
    { id: utf8('Ｐ－１７').toString('latin1'), characterSet: 'ISO_IR 192', name: 'A' },
  ],
]

test.each(SAME)('one patient stays one in other studies whatever the %s', (_, some, others) => {
  const [one, other] = [copyOf({ ...some, study: '1.2.3' }), copyOf({ ...others, study: '1.2.99' })]
  expect(other).toEqual(one)
  expect(one.name).toMatch(/^[0-9A-Z]{16}$/)
})

const STRANGERS: readonly (readonly [string, Person, Person])[] = [
  ['another name', { name: 'Miller^Richard' }, { name: 'Miller^Robert' }],
  [
    'an ideographic name that sounds alike',
    { name: utf8('Zhang^San=张^三'), characterSet: 'ISO_IR 192' },
    { name: utf8('Zhang^San=章^三'), characterSet: 'ISO_IR 192' },
  ],
  [
    'a name with another accent',
    { name: 'Muller^R' },
    { name: utf8('Müller^R'), characterSet: 'ISO_IR 192' },
  ],
  ['another birth date', { name: 'Li', birthDate: '19700131' }, { name: 'Li', birthDate: '19710131' }],
  ['zeros that belong to an ID', { id: '0017', name: 'Li' }, { id: '17', name: 'Li' }],
  ['an ID that stands for none', { id: 'UNKNOWN', name: 'Li^A' }, { id: 'UNKNOWN', name: 'Li^B' }],
  ['no ID and no name', { id: '', name: '', study: '1.2.3' }, { id: '', name: '', study: '1.2.99' }],
  ['nothing at all', { id: '', study: '', instance: '1.2.1' }, { id: '', study: '', instance: '1.2.2' }],
]

test.each(STRANGERS)('two patients stay two who differ by %s', (_, some, others) => {
  expect(copyOf({ id: '', ...others }).id).not.toBe(copyOf({ id: '', ...some }).id)
})

test('an empty or absent Patient ID gets a pseudonym, so that no PACS joins strangers, and an empty Accession Number stays empty', () => {
  for (const id of ['', undefined]) {
    const copy = copyOf({ name: 'Miller^Richard', ...(id !== undefined && { id }) })
    expect(copy.id).toMatch(/^[0-9A-Z]{16}$/)
    expect(copy.id).not.toBe(copyOf({ id: '', name: 'Miller^Robert' }).id)
    expect(copy.accession).toBe('')
  }
})

/** Keeps them for the length of a test. */
class HeldPersons implements StudyPersons {
  readonly #persons = new Map<string, string>()

  personOf(study: string, own: string): string {
    const first = this.#persons.get(study) ?? own
    this.#persons.set(study, first)
    return first
  }
}

test('parts of one study that identify the patient differently agree in pseudonym and date', () => {
  const parts: Person[] = [
    { name: 'Miller^Richard', id: '' },
    { name: 'Miller^Richard', id: 'P-17' },
    { name: 'Miller^Rick' },
    { id: 'P-17' },
  ]
  for (const first of parts) {
    const studies = new HeldPersons()
    const copies = [first, ...parts].map((part) => copyOf({ name: '', ...part, study: '1.2.3' }, studies))
    expect(copies.every(({ id }) => id === copies[0]?.id)).toBe(true)
    expect(copies.every(({ studyDate }) => studyDate === copies[0]?.studyDate)).toBe(true)
    expect(copies[0]).toEqual(copyOf({ name: '', ...first }))
    // Another study of the one with the ID keeps what the ID gives.
    expect(copyOf({ name: '', id: 'P-17', study: '1.2.99' }, studies)).toEqual(
      copyOf({ name: '', id: 'P-17' }),
    )
  }
})
