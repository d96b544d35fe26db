import { describe, expect, test } from '@jest/globals'
import { Deidentification } from '../../../src/agent/deidentify/deidentification.ts'
import { chainEdits } from '../../../src/agent/deidentify/element/chain-edits.ts'
import { plainText, textAt } from '../../../src/agent/deidentify/element/element-text.ts'
import { Normalization } from '../../../src/agent/normalize/normalization.ts'
import type { NormalizationAudit } from '../../../src/agent/normalize/normalization-audit.ts'
import {
  type NormalizationRule,
  type NormalizationStep,
  normalizationRulesFor,
} from '../../../src/agent/normalize/normalization-rule.ts'
import { editDataSet } from '../../../src/dicom/edit/data-set-editor.ts'
import type { ElementList } from '../../../src/dicom/edit/data-set-tree.ts'
import type { ElementPath } from '../../../src/dicom/edit/element-path.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { TRANSFER_SYNTAX } from '../../../src/dicom/vocabulary/transfer-syntax.ts'
import {
  EXPLICIT_BIG,
  EXPLICIT_LITTLE,
  IMPLICIT_LITTLE,
  UNDEFINED,
  writer,
} from '../../dicom/build-data-set.ts'
import { tagNamed, tagOf } from '../../support/instances/tag-named.ts'
import { checkReadable, elementsOf, profileWith, TEST_KEY } from './deidentify-element.ts'

const [CHARACTER_SET, ACCESSION, INSTITUTION, STATION] = [
  TAG.SpecificCharacterSet,
  TAG.AccessionNumber,
  TAG.InstitutionName,
  TAG.StationName,
]
const [PATIENT_NAME, ISSUER, ORIGINALS] = [
  TAG.PatientName,
  TAG.IssuerOfPatientID,
  TAG.OriginalAttributesSequence,
]
const REQUESTS = tagNamed('RequestAttributesSequence')
const EXPLICIT: string = TRANSFER_SYNTAX.ExplicitVRLittleEndian
const { element, item, itemEnd, sequenceEnd } = writer(EXPLICIT_LITTLE)

const at = (...path: ElementPath): { path: ElementPath; anywhere: boolean } => ({ path, anywhere: false })
const anywhere = (...path: ElementPath): { path: ElementPath; anywhere: boolean } => ({
  path,
  anywhere: true,
})
const set = (tag: number, value: string): NormalizationStep => ({ kind: 'set', pattern: at(tag), value })
const named = (name: string, when: NormalizationRule['when']): NormalizationRule => ({
  name,
  when,
  steps: [],
})
const ruleOf = (steps: readonly NormalizationStep[]): NormalizationRule => ({ name: 'r', steps })

interface Outcome {
  readonly out: Buffer
  readonly audit: NormalizationAudit
}

function normalize(
  dataSet: Buffer,
  steps: readonly NormalizationStep[],
  { recordOriginals = false, transferSyntaxUid = EXPLICIT, isListed = true } = {},
): Outcome {
  const edits = new Normalization({
    rules: [ruleOf(steps)],
    source: { device: isListed ? 'CT room 1' : undefined, callingAeTitle: 'CT1' },
    system: 'FERRY NORTH',
    recordOriginals,
    now: Date.UTC(2026, 0, 31, 12, 30, 45, 678),
  })
  const out = editDataSet(dataSet, transferSyntaxUid, edits)
  return { out, audit: edits.audit() }
}

/** Returns the content of the one item of Original Attributes Sequence. */
function recordIn(dataSet: Buffer): ElementList | undefined {
  return elementsOf(dataSet)
    .find(({ tag }) => tag === ORIGINALS)
    ?.items?.at(-1)?.list
}

const modifiedIn = (record: ElementList | undefined): ElementList | undefined =>
  record?.find(TAG.ModifiedAttributesSequence)?.items?.[0]?.list

const INSTANCE = [
  element(CHARACTER_SET, 'CS', 'GB18030 '),
  element(ACCESSION, 'SH', '12345 '),
  element(INSTITUTION, 'LO', 'OLD '),
  element(PATIENT_NAME, 'PN', Buffer.from('b3c2cedf', 'hex')),
  element(
    tagNamed('RequestAttributesSequence'),
    'SQ',
    item(element(tagNamed('ScheduledProcedureStepID'), 'SH', 'SPS1')),
  ),
] as const

test('exactly the ruled elements change, and others come at their place among the tags', () => {
  const [charset, , , name, requests] = INSTANCE
  const { out, audit } = normalize(Buffer.concat(INSTANCE), [
    set(ISSUER, 'NORTH'),
    set(INSTITUTION, '北街'),
    set(STATION, '{callingAeTitle}'),
    { kind: 'prefix', pattern: at(ACCESSION), value: 'NS-' },
  ])
  const expected = [
    charset,
    element(ACCESSION, 'SH', 'NS-12345'),
    element(INSTITUTION, 'LO', Buffer.from('b1b1bdd6', 'hex')),
    element(STATION, 'SH', 'CT1 '),
    name,
    element(ISSUER, 'LO', 'NORTH '),
    requests,
  ]
  expect(out.toString('hex')).toBe(Buffer.concat(expected).toString('hex'))
  expect(audit).toEqual({ rules: { r: 4 }, findings: [] })
})

test('a second pass changes nothing more: a prefix is not put in front twice', () => {
  const steps = [set(ISSUER, 'NORTH'), { kind: 'prefix', pattern: at(ACCESSION), value: 'NS-' } as const]
  const once = normalize(Buffer.concat(INSTANCE), steps, { recordOriginals: true }).out
  const twice = normalize(once, steps, { recordOriginals: true })
  expect([twice.out.equals(once), twice.audit]).toEqual([true, { rules: {}, findings: [] }])
})

test('Original Attributes Sequence says what was there, who changed it, and when', () => {
  const steps = [set(INSTITUTION, '北街'), set(ISSUER, 'NORTH')]
  const { out } = normalize(Buffer.concat(INSTANCE), steps, { recordOriginals: true })
  checkReadable(out)
  const record = recordIn(out)
  expect(record?.elements.map(({ tag, value }) => [tag, value.toString('latin1')])).toEqual([
    [TAG.ModifiedAttributesSequence, ''],
    [TAG.AttributeModificationDateTime, '20260131123045.678000+0000'],
    [TAG.ModifyingSystem, 'FERRY NORTH '],
    [TAG.SourceOfPreviousValues, ''],
    [TAG.ReasonForTheAttributeModification, 'COERCE'],
  ])
  // An element that was missing is recorded as empty.
  expect(modifiedIn(record)?.elements.map(({ tag, value }) => [tag, value.toString('latin1')])).toEqual([
    [INSTITUTION, 'OLD '],
    [ISSUER, ''],
  ])
})

test('the record of an earlier system stays, and ours comes behind it', () => {
  const earlier = element(ORIGINALS, 'SQ', item(element(TAG.ModifyingSystem, 'LO', 'OTHER ')))
  const whole = Buffer.concat([element(INSTITUTION, 'LO', 'OLD '), earlier])
  const { out } = normalize(whole, [set(INSTITUTION, 'NEW')], { recordOriginals: true })
  checkReadable(out)
  const items = elementsOf(out).find(({ tag }) => tag === ORIGINALS)?.items ?? []
  expect(items.map(({ list }) => textAt(list, TAG.ModifyingSystem))).toEqual(['OTHER', 'FERRY NORTH'])
})

test('a change within a sequence keeps the whole sequence as it was', () => {
  const inside = element(tagNamed('ScheduledProcedureStepID'), 'SH', 'SPS1')
  const sequence = element(
    REQUESTS,
    'SQ',
    Buffer.concat([item(inside, UNDEFINED), itemEnd, item(Buffer.alloc(0)), sequenceEnd]),
    UNDEFINED,
  )
  const path = at(REQUESTS, tagNamed('ScheduledProcedureStepID'))
  const { out, audit } = normalize(sequence, [{ kind: 'set', pattern: path, value: 'X1' }], {
    recordOriginals: true,
  })
  checkReadable(out)
  expect(audit.rules).toEqual({ r: 2 })
  const [changed] = elementsOf(out)
  expect(changed?.items?.map(({ list }) => textAt(list, tagNamed('ScheduledProcedureStepID')))).toEqual([
    'X1',
    'X1',
  ])
  const [original] = modifiedIn(recordIn(out))?.elements ?? []
  expect(original?.items?.map(({ list }) => textAt(list, tagNamed('ScheduledProcedureStepID')))).toEqual([
    'SPS1',
    '',
  ])
})

describe('a value that cannot be written', () => {
  const withSet = (charset: string): Buffer =>
    Buffer.concat([element(CHARACTER_SET, 'CS', charset), element(INSTITUTION, 'LO', 'OLD ')])
  test.each([
    ['Chinese where Latin 1 is declared', withSet('ISO_IR 100'), set(INSTITUTION, '北街'), 'not-writable'],
    [
      'Chinese where nothing is declared',
      element(INSTITUTION, 'LO', 'OLD '),
      set(INSTITUTION, '北街'),
      'not-writable',
    ],
    [
      'a station name of over 16 characters',
      withSet('GB18030 '),
      set(STATION, '{device} and more'),
      'does-not-fit',
    ],
  ] as const)('%s is a finding, and nothing changes', (_, dataSet, step, problem) => {
    const { out, audit } = normalize(dataSet, [step], { recordOriginals: true })
    expect(out.equals(dataSet)).toBe(true)
    expect(audit).toEqual({ rules: {}, findings: [expect.objectContaining({ rule: 'r', problem })] })
  })

  test('a prefix that makes the number too long is a finding', () => {
    const dataSet = element(ACCESSION, 'SH', '1234567890123456')
    const { out, audit } = normalize(dataSet, [{ kind: 'prefix', pattern: at(ACCESSION), value: 'NS-' }])
    expect([out.equals(dataSet), audit.findings]).toEqual([
      true,
      [{ rule: 'r', element: 'AccessionNumber', problem: 'does-not-fit' }],
    ])
  })

  test('a name of a device that is not on the list is a finding', () => {
    const { audit } = normalize(withSet('GB18030 '), [set(STATION, '{device}')], { isListed: false })
    expect(audit.findings).toEqual([{ rule: 'r', element: 'StationName', problem: 'device-unknown' }])
  })

  test('an empty accession number gets no prefix', () => {
    const dataSet = element(ACCESSION, 'SH', '')
    const { out } = normalize(dataSet, [{ kind: 'prefix', pattern: at(ACCESSION), value: 'NS-' }])
    expect(out.equals(dataSet)).toBe(true)
  })
})

describe('a wrong declaration of the character set', () => {
  const fix = { kind: 'character-set', declared: 'ISO_IR 100', actual: 'GB18030' } as const
  const chinese = element(PATIENT_NAME, 'PN', Buffer.from('b3c2cedf', 'hex'))
  const declared = (text: string): Buffer => element(CHARACTER_SET, 'CS', text)

  test('a wrong declaration of the character set is corrected, and no byte of text is touched', () => {
    const nested = element(REQUESTS, 'SQ', item(Buffer.concat([declared('ISO_IR 100'), chinese])))
    const { out, audit } = normalize(Buffer.concat([declared('ISO_IR 100'), chinese, nested]), [fix], {
      recordOriginals: true,
    })
    checkReadable(out)
    const right = element(REQUESTS, 'SQ', item(Buffer.concat([declared('GB18030 '), chinese])))
    expect(out.subarray(0, 200).toString('hex')).toContain(
      Buffer.concat([declared('GB18030 '), chinese, right]).toString('hex'),
    )
    expect(audit.rules).toEqual({ r: 2 })
    const record = recordIn(out)
    expect(record && textAt(record, TAG.ReasonForTheAttributeModification)).toBe('CORRECT')
    expect(modifiedIn(record)?.elements.map(plainText)).toEqual(['ISO_IR 100', ''])
  })

  test('a missing declaration of the character set is added', () => {
    const { out } = normalize(chinese, [{ ...fix, declared: 'none' }])
    expect(out.equals(Buffer.concat([declared('GB18030 '), chinese]))).toBe(true)
  })

  test('text that is written after the correction is written in the right character set', () => {
    const { out } = normalize(Buffer.concat([declared('ISO_IR 100'), chinese]), [fix, set(INSTITUTION, '北')])
    const institution = element(INSTITUTION, 'LO', Buffer.from('b1b1', 'hex'))
    expect(out.equals(Buffer.concat([declared('GB18030 '), institution, chinese]))).toBe(true)
  })

  test.each([
    ['another declaration', Buffer.concat([declared('ISO_IR 192'), chinese]), []],
    [
      'text that is not in it',
      Buffer.concat([
        declared('ISO_IR 100'),
        element(PATIENT_NAME, 'PN', Buffer.from('4dfc6c6c', 'hex')),
        element(tagNamed('PatientComments'), 'LT', Buffer.from('ff20', 'hex')),
      ]),
      [{ rule: 'r', element: 'SpecificCharacterSet', problem: 'reads-otherwise' }],
    ],
  ])('a declaration is left alone if the data set holds %s', (_, dataSet, findings) => {
    const { out, audit } = normalize(dataSet, [fix], { recordOriginals: true })
    expect([out.equals(dataSet), audit.findings]).toEqual([true, findings])
  })
})

describe('private elements', () => {
  const acme = [element(tagOf(0x0009, 0x0010), 'LO', 'ACME'), element(tagOf(0x0009, 0x1001), 'LO', 'secret')]
  const good = [element(tagOf(0x0019, 0x0010), 'LO', 'GOOD'), element(tagOf(0x0019, 0x1002), 'DS', '1 ')]
  const nested = (content: readonly Buffer[]): Buffer => element(REQUESTS, 'SQ', item(Buffer.concat(content)))
  const drop = { kind: 'drop-private', keep: ['GOOD'] } as const

  test('private elements are removed at every depth, except those of the creators that are kept', () => {
    const inside = element(tagNamed('ScheduledProcedureStepID'), 'SH', 'SPS1')
    const { out } = normalize(Buffer.concat([...acme, ...good, nested([...good, inside])]), [drop])
    expect(out.equals(Buffer.concat([...good, nested([...good, inside])]))).toBe(true)
    const left = normalize(Buffer.concat([...good, nested([...acme, inside])]), [drop]).out
    expect(left.equals(Buffer.concat([...good, nested([inside])]))).toBe(true)
  })

  test('removed private elements leave the name of their block in the record, and no value', () => {
    const { out } = normalize(Buffer.concat(acme), [drop], { recordOriginals: true })
    expect(modifiedIn(recordIn(out))?.elements.map(plainText)).toEqual(['ACME'])
    expect(out.includes('secret')).toBe(false)
  })

  test('private elements over 1 MiB are removed or kept by the same rule', () => {
    const large = Buffer.alloc(2 * 1024 * 1024, 1)
    const big = (group: number): Buffer => element(group * 0x1_0000 + 0x1005, 'OB', large)
    const pixels = element(TAG.PixelData, 'OW', Buffer.alloc(64, 2))
    const whole = Buffer.concat([...acme, big(9), ...good, big(0x19), pixels])
    const { out } = normalize(whole, [drop, set(ISSUER, 'NORTH')])
    const expected = [element(ISSUER, 'LO', 'NORTH '), ...good, big(0x19), pixels]
    expect(out.equals(Buffer.concat(expected))).toBe(true)
  })

  test('private elements are found by their creator in any block that the data set has reserved', () => {
    const path = at('(0009,"ACME",01)')
    const other = [
      element(tagOf(0x0009, 0x0020), 'LO', 'ACME'),
      element(tagOf(0x0009, 0x2001), 'LO', 'secret'),
      element(tagOf(0x0009, 0x2002), 'LO', 'kept'),
    ]
    const { out } = normalize(Buffer.concat(other), [{ kind: 'remove', pattern: path }])
    expect(elementsOf(out).map(({ tag }) => tag)).toEqual([tagOf(0x0009, 0x0020), tagOf(0x0009, 0x2002)])
  })
})

test('an element that a rule removes anywhere is removed in every sequence', () => {
  const sequence = (content: Buffer): Buffer => element(REQUESTS, 'SQ', item(content))
  const [comment, inside] = [
    element(tagNamed('PatientComments'), 'LT', 'xx'),
    element(tagNamed('ScheduledProcedureStepID'), 'SH', 'SPS1'),
  ]
  const whole = Buffer.concat([comment, sequence(Buffer.concat([comment, inside]))])
  const { out } = normalize(whole, [{ kind: 'remove', pattern: anywhere(tagNamed('PatientComments')) }])
  expect(out.equals(sequence(inside))).toBe(true)
})

test('a value is set before a large element with a higher tag, or behind one with a lower', () => {
  const encapsulated = element(tagNamed('EncapsulatedDocument'), 'OB', Buffer.alloc(2 * 1024 * 1024))
  const [name, topic] = [element(PATIENT_NAME, 'PN', 'A '), tagNamed('TopicTitle')]
  const { out } = normalize(Buffer.concat([name, encapsulated]), [set(ISSUER, 'N'), set(topic, 'T')], {
    recordOriginals: true,
  })
  const tags: number[] = []
  editDataSet(out, EXPLICIT, {
    edit: (part) => void tags.push(...part.elements.map(({ tag }) => tag)),
    large: ({ tag }) => {
      tags.push(tag)
      return 'keep'
    },
  })
  expect(tags).toEqual([PATIENT_NAME, ISSUER, tagNamed('EncapsulatedDocument'), topic, ORIGINALS])
})

test.each([
  ['implicit little endian', TRANSFER_SYNTAX.ImplicitVRLittleEndian, IMPLICIT_LITTLE],
  ['explicit big endian', TRANSFER_SYNTAX.ExplicitVRBigEndian, EXPLICIT_BIG],
])('values are set in %s, too', (_, transferSyntaxUid, encoding) => {
  const write = writer(encoding)
  const name = write.element(PATIENT_NAME, 'PN', 'A ')
  const { out } = normalize(name, [set(ISSUER, 'N')], { transferSyntaxUid })
  expect(out.equals(Buffer.concat([name, write.element(ISSUER, 'LO', 'N ')]))).toBe(true)
})

describe('the choice of rules', () => {
  const facts = { modality: 'CT', sopClassUid: '1.2', source: { device: 'CT room 1', callingAeTitle: 'CT1' } }
  const rules = [
    named('all', undefined),
    named('by device', { device: 'CT room 1' }),
    named('by AE title', { device: 'CT1', modality: 'CT' }),
    named('other device', { device: 'MR1' }),
    named('care only', { route: 'care' }),
    named('research only', { route: 'research' }),
  ]
  const namesFor = (route: string, isIdentified: boolean): string[] =>
    normalizationRulesFor(rules, { ...facts, route, isIdentified }).map(({ name }) => name)

  test('device, modality and route decide whether a rule applies', () => {
    expect(namesFor('care', true)).toEqual(['all', 'by device', 'by AE title', 'care only'])
  })

  test('a route without identity is changed only by rules that name it', () => {
    expect(namesFor('research', false)).toEqual(['research only'])
  })
})

test('a de-identified copy has the values that a rule sets for its route, and no original value', () => {
  const deid = new Deidentification({
    profile: profileWith([]),
    key: TEST_KEY,
    source: { device: undefined, callingAeTitle: 'CT1' },
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    transferSyntaxUid: EXPLICIT,
  })
  const normalization = new Normalization({
    rules: [
      ruleOf([set(INSTITUTION, 'TRIAL SITE 7'), { kind: 'prefix', pattern: at(ACCESSION), value: 'T' }]),
    ],
    source: { device: undefined, callingAeTitle: 'CT1' },
    system: 'FERRY',
    recordOriginals: true,
    now: 0,
  })
  const out = editDataSet(Buffer.concat(INSTANCE), EXPLICIT, chainEdits(deid, normalization))
  checkReadable(out)
  expect(out.includes('TRIAL SITE 7')).toBe(true)
  expect([out.includes('12345'), out.includes('OLD')]).toEqual([false, false])
})
