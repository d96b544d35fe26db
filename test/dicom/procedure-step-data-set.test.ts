import { expect, test } from '@jest/globals'
import { readProcedureStep } from '../../src/dicom/edit/procedure-step-data-set.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { type AnnouncedStep, procedureStepDataSet } from '../support/instances/procedure-step-data-set.ts'

const read = (step: AnnouncedStep): ReturnType<typeof readProcedureStep> =>
  readProcedureStep(procedureStepDataSet(step), TRANSFER_SYNTAX.ImplicitVRLittleEndian)

test('images and other objects of each series are read, those mentioned twice once', () => {
  const series = [
    { seriesInstanceUid: '1.2.1', images: ['1.2.1.1', '1.2.1.2', '1.2.1.1'], others: ['1.2.1.3'] },
    { seriesInstanceUid: '1.2.2' },
    { seriesInstanceUid: '1.2.1', images: ['1.2.1.4'] },
  ]
  const step = { status: 'COMPLETED', modality: 'CT', studyInstanceUids: ['1.2', '1.2', ''], series }
  expect(read(step)).toEqual({
    state: 'completed',
    modality: 'CT',
    studyInstanceUids: ['1.2'],
    series: [
      { seriesInstanceUid: '1.2.1', sopInstanceUids: ['1.2.1.1', '1.2.1.2', '1.2.1.3', '1.2.1.4'] },
      { seriesInstanceUid: '1.2.2', sopInstanceUids: [] },
    ],
  })
})

test('an absent attribute is told apart from an empty one', () => {
  expect(read({})).toEqual({
    state: undefined,
    modality: undefined,
    studyInstanceUids: undefined,
    series: undefined,
  })
  expect(read({ studyInstanceUids: [], series: [] })).toMatchObject({ studyInstanceUids: [], series: [] })
})

test('a status that there is not is called unknown', () => {
  expect(read({ status: 'IN PROGRESS' }).state).toBe('inProgress')
  expect(read({ status: 'DISCONTINUED' }).state).toBe('discontinued')
  expect(read({ status: 'DONE' }).state).toBe('unknown')
})

test('a series or instance without usable UID, and bytes that are not a data set, are refused in words', () => {
  const refused = expect.objectContaining({ code: 'DATA_SET_UNREADABLE' })
  expect(() => read({ series: [{ seriesInstanceUid: '' }] })).toThrow(refused)
  expect(() => read({ series: [{ seriesInstanceUid: '1.2', images: ['a b'] }] })).toThrow(
    'an instance has no usable UID',
  )
  const cut = procedureStepDataSet({ status: 'COMPLETED' }).subarray(0, 10)
  expect(() => readProcedureStep(cut, TRANSFER_SYNTAX.ImplicitVRLittleEndian)).toThrow(refused)
})
