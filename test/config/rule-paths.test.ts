import { expect, test } from '@jest/globals'
import { nearestPath, parseRulePath, vrAt } from '../../src/config/setting/rule-paths.ts'
import { pathText } from '../../src/dicom/edit/element-path.ts'
import { TAG } from '../../src/dicom/vocabulary/tag.ts'
import { tagNamed, tagOf } from '../support/instances/tag-named.ts'

test.each([
  ['PatientID', [TAG.PatientID], false],
  ['(0010,0020)', [TAG.PatientID], false],
  [
    'RequestAttributesSequence/ScheduledProcedureStepID',
    [tagNamed('RequestAttributesSequence'), tagNamed('ScheduledProcedureStepID')],
    false,
  ],
  ['**/PatientName', [TAG.PatientName], true],
  [
    '(0040,0275)/(0040,0009)',
    [tagNamed('RequestAttributesSequence'), tagNamed('ScheduledProcedureStepID')],
    false,
  ],
  ['(0009,"ACME",01)', ['(0009,"ACME",01)'], false],
  ['(0029,"SIEMENS CSA/MR HEADER",0A)', ['(0029,"SIEMENS CSA/MR HEADER",0a)'], false],
  [
    '**/(2005,"Philips MR Imaging DD 005",0F)/PatientName',
    ['(2005,"Philips MR Imaging DD 005",0f)', TAG.PatientName],
    true,
  ],
])('%s is a path', (text, path, anywhere) => {
  expect(parseRulePath(text)).toEqual({ path, anywhere })
})

test.each([
  '',
  '/',
  'PatientID/',
  '/PatientID',
  'RequestAttributesSequence//ScheduledProcedureStepID',
  'patientid',
  '0010,0020',
  '(0010,00)',
  '(0010,"ACME",01)',
  '(0009,"",01)',
  'PatientID/PatientName',
  '**',
  '**/**/PatientName',
  'OverlayRows',
])('%j is no path', (text) => {
  expect(parseRulePath(text)).toBeUndefined()
})

test('the nearest keyword is found in each step', () => {
  expect(nearestPath('PatientNmae')).toBe('PatientName')
  expect(nearestPath('**/RequestAttributeSequence/ScheduledProcedureStepId')).toBe(
    '**/RequestAttributesSequence/ScheduledProcedureStepID',
  )
  expect(nearestPath('Nothing of the kind at all')).toBeUndefined()
  expect(nearestPath('PatientID/PatientName')).toBeUndefined()
})

test('a path is written again as it was read, keywords for tags', () => {
  const text = 'RequestAttributesSequence/(0009,"ACME",01)'
  expect(pathText(parseRulePath(text)?.path ?? [])).toBe(text)
  expect(pathText([tagOf(0x0009, 0x1001), TAG.PatientID])).toBe('(0009,1001)/PatientID')
})

test('the VR at a path is that of its last element; a private one has none that is known here', () => {
  expect(vrOf('RequestAttributesSequence/ScheduledProcedureStepID')).toBe('SH')
  expect(vrOf('(0009,"ACME",01)')).toBeUndefined()
})

const vrOf = (text: string): string | undefined => vrAt(parseRulePath(text) ?? { path: [], anywhere: false })
