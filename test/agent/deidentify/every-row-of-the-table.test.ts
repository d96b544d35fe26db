import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import type { DeidOption } from '../../../src/agent/deidentify/element/profile.ts'
import { CONFIDENTIALITY_TABLE } from '../../../src/agent/deidentify/rules/confidentiality-table.ts'
import type { DataElement } from '../../../src/dicom/edit/data-set-tree.ts'
import { attributeOf } from '../../../src/dicom/vocabulary/attribute.ts'
import { TAG } from '../../../src/dicom/vocabulary/tag.ts'
import { EXPLICIT_LITTLE, writer } from '../../dicom/build-data-set.ts'
import { tagOf } from '../../support/instances/tag-named.ts'
import { checkReadable, deidentify, elementsOf, profileWith } from './deidentify-element.ts'

const OPTIONS: readonly DeidOption[] = [
  'retain-safe-private',
  'retain-uids',
  'retain-device-identity',
  'retain-institution-identity',
  'retain-patient-characteristics',
  'retain-long-full-dates',
  'retain-long-modified-dates',
  'clean-descriptors',
  'clean-structured-content',
  'clean-graphics',
]
const COLUMNS = [
  'rtnSafePrivOpt',
  'rtnUIDsOpt',
  'rtnDevIdOpt',
  'rtnInstIdOpt',
  'rtnPatCharsOpt',
  'rtnLongFullDatesOpt',
  'rtnLongModifDatesOpt',
  'cleanDescOpt',
  'cleanStructContOpt',
  'cleanGraphOpt',
]
const STANDARD = resolve(process.env['FERRY_STANDARD'] ?? '../shared/standard', 'deid-table.json')
const PLANTED = 'ZHANGSAN'
const HARMLESS = 'SCANNERS'
const { element, item } = writer(EXPLICIT_LITTLE)

interface Row {
  digits: string
  basic: string
  columns: string
}

const rows: Row[] = CONFIDENTIALITY_TABLE.trim()
  .split('\n')
  .map((line) => {
    const [digits = '', basic = '', columns = ''] = line.split(' ')
    return { digits, basic, columns }
  })

/** A tag that the row describes. */
function tagOfRow({ digits }: Row): number {
  if (digits === 'private-') return tagOf(0x0009, 0x1001)
  return Number.parseInt(digits.replaceAll('x', '0'), 16)
}

/** Attributes that this edition of PS3.6 has under no such tag are written as their names say. */
function vrOfRow(row: Row): string {
  if (row.digits === 'private-') return 'LO'
  return attributeOf(tagOfRow(row))?.vrs[0] ?? (row.basic === 'U' ? 'UI' : 'OB')
}

const PLAIN: Readonly<Record<string, string>> = {
  AS: '045Y',
  DA: '20240301',
  DS: '1.5 ',
  DT: '20240301101010',
  IS: '12',
  TM: '101010',
  UI: '1.2.3.4.5.6',
}

/** Where an option keeps a value, one without the patient's name: a name would be found and taken out. */
function valueOf(row: Row, text = PLANTED): Buffer {
  const vr = vrOfRow(row)
  if (vr === 'SQ') return item(element(TAG.CodeMeaning, 'LO', text))
  const value = PLAIN[vr] ?? text
  return Buffer.from(value.padEnd(value.length + (value.length % 2)))
}

/** The row's element with what makes it known: the patient's name, in front or behind as the tags order it. */
function dataSetOf(row: Row, text: string): Buffer {
  const parts: [number, Buffer][] = [
    [tagOfRow(row), element(tagOfRow(row), vrOfRow(row), valueOf(row, text))],
  ]
  if (tagOfRow(row) !== TAG.PatientName)
    parts.push([TAG.PatientName, element(TAG.PatientName, 'PN', `${PLANTED}^`)])
  if (row.digits === 'private-')
    parts.push([tagOf(0x0009, 0x0010), element(tagOf(0x0009, 0x0010), 'LO', 'ACME')])
  return Buffer.concat(parts.toSorted(([a], [b]) => a - b).map(([, bytes]) => bytes))
}

function outcome(row: Row, options: readonly DeidOption[], text = PLANTED): DataElement | undefined {
  const out = deidentify(dataSetOf(row, text), profileWith(options))
  checkReadable(out)
  return elementsOf(out).find(({ tag }) => tag === tagOfRow(row))
}

/** Returns the result for the element in the words of the test: kept, gone, empty, changed. */
function fate(row: Row, found: DataElement | undefined, text = PLANTED): string {
  if (found === undefined) return 'gone'
  if (found.items !== undefined) {
    if (found.items.length === 0) return 'empty'
    return Buffer.concat(found.write()).includes(text) ? 'kept' : 'cleaned'
  }
  if (found.value.length === 0) return 'empty'
  return found.value.equals(valueOf(row, text)) ? 'kept' : 'changed'
}

/** Their names, IDs and accession numbers get pseudonyms where the table says Z: "zero length, or a dummy". */
const PSEUDONYMS = new Set(['00100010', '00100020', '00080050'])
/** D for a sequence means: its items are cleaned. Those that are codes for a person or place become one dummy code. */
const SEQUENCE_FATE: Readonly<Record<string, string>> = {
  D: 'cleaned',
  'X/D': 'cleaned',
  'X/Z/D': 'cleaned',
  'X/Z/U*': 'cleaned',
  Z: 'empty',
  'X/Z': 'empty',
  X: 'gone',
}
const VALUE_FATE: Readonly<Record<string, string>> = {
  D: 'changed',
  'X/D': 'changed',
  'Z/D': 'changed',
  'X/Z/D': 'changed',
  Z: 'empty',
  'X/Z': 'empty',
  X: 'gone',
  U: 'changed',
}

function basicFate(row: Row): string | undefined {
  // Referenced Study Sequence is of type 3 and may not be empty.
  if (row.digits === '00081110') return 'gone'
  if (vrOfRow(row) === 'SQ') return SEQUENCE_FATE[row.basic]
  return PSEUDONYMS.has(row.digits) ? 'changed' : VALUE_FATE[row.basic]
}

describe('PS3.15 Table E.1-1', () => {
  test('PS3.15 Table E.1-1 has 621 rows here', () => {
    expect(rows).toHaveLength(621)
  })

  test.each(rows.map((row) => [row.digits, row.basic, row] as const))(
    'the Basic Profile treats %s by action %s',
    (_, __, row) => {
      expect(fate(row, outcome(row, []))).toBe(basicFate(row))
    },
  )

  const cells = rows.flatMap((row) =>
    OPTIONS.flatMap((option, at) => {
      const action = row.columns[at]
      return action === '-' || action === undefined ? [] : [[row.digits, option, action, row] as const]
    }),
  )

  test.each(cells)('element %s with option %s is treated by action %s', (digits, option, action, row) => {
    const text = action === 'K' && vrOfRow(row) !== 'SQ' ? HARMLESS : PLANTED
    const found = outcome(row, [option], text)
    expect(allowed(row, digits, option, action)).toContain(fate(row, found, text))
    expect(Buffer.concat(found?.write() ?? []).includes(PLANTED)).toBe(false)
  })
})

/** K keeps; C keeps values without identity. Values that cannot be cleaned (bits, bytes) go as in the Basic Profile or altogether. */
function allowed(row: Row, digits: string, option: DeidOption, action: string): string[] {
  const vr = vrOfRow(row)
  if (action === 'K') return vr === 'SQ' ? ['cleaned'] : ['kept']
  if (option === 'retain-safe-private') return ['gone']
  if (vr === 'SQ') return ['cleaned']
  if (option === 'retain-long-modified-dates') {
    if (vr === 'TM') return ['kept']
    return vr === 'DA' || vr === 'DT' ? ['changed'] : ['gone']
  }
  if (/^[56]0xx/.test(digits) || vr === 'OB') return ['gone']
  return vr === 'CS' ? ['kept', 'changed'] : ['changed', 'empty']
}

const describeWithStandard = existsSync(STANDARD) ? describe : describe.skip

describeWithStandard(`the table beside ${STANDARD} (skipped where that is not there)`, () => {
  test('every row of PS3.15 Table E.1-1 is in the source, action by action', () => {
    const { attributes } = JSON.parse(readFileSync(STANDARD, 'utf8')) as {
      attributes: Record<string, string>[]
    }
    const expected = attributes.map(({ id = '', basicProfile, ...row }) => {
      const digits = id.startsWith('gggg') ? 'private-' : id.toLowerCase()
      return `${digits} ${basicProfile} ${COLUMNS.map((column) => row[column] ?? '-').join('')}`
    })
    expect(rows.map(({ digits, basic, columns }) => `${digits} ${basic} ${columns}`).toSorted()).toEqual(
      expected.toSorted(),
    )
  })
})
