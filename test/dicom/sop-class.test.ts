import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import {
  isStorageSopClass,
  sopClassName,
  VERIFICATION_SOP_CLASS_UID,
} from '../../src/dicom/vocabulary/sop-class.ts'
import { SOP_CLASS_NAMES } from '../../src/dicom/vocabulary/sop-class-table.ts'
import { isStored, STORAGE_STATUS } from '../../src/dicom/vocabulary/storage-status.ts'

test.each([
  ['1.2.840.10008.5.1.4.1.1.2', 'CT'],
  ['1.2.840.10008.5.1.4.1.1.104.1', 'encapsulated PDF'],
  ['1.2.840.10008.5.1.4.38.1', 'hanging protocol'],
  ['1.2.840.10008.5.1.4.34.7', 'RT beams delivery instruction'],
  ['1.2.840.10008.5.1.4.1.1.3', 'ultrasound multi-frame, retired'],
  ['1.2.840.10008.5.1.4.1.1.88.999', 'a class of a later edition'],
  ['1.2.840.113619.4.26', 'a private class of GE'],
  ['1.2.111.10008.2.1.4.1.1.2', 'a class in no registry'],
  ['SecondaryCaptureImageStorage', 'a device that writes the name where the UID belongs'],
])('instances of %s (%s) are stored', (uid) => {
  expect(isStorageSopClass(uid)).toBe(true)
})

test.each([
  [VERIFICATION_SOP_CLASS_UID, 'verification'],
  ['1.2.840.10008.1.3.10', 'DICOMDIR'],
  ['1.2.840.10008.1.20.1', 'storage commitment push model'],
  ['1.2.840.10008.3.1.2.3.3', 'modality performed procedure step'],
  ['1.2.840.10008.5.1.1.9', 'basic grayscale print'],
  ['1.2.840.10008.5.1.4.1.2.1.1', 'patient root query'],
  ['1.2.840.10008.5.1.4.1.2.2.2', 'study root move'],
  ['1.2.840.10008.5.1.4.1.1.200.4', 'protocol approval query'],
  ['1.2.840.10008.5.1.4.1.1.201.2', 'inventory query'],
  ['1.2.840.10008.5.1.4.31', 'modality worklist'],
  ['1.2.840.10008.5.1.4.34.6.1', 'unified procedure step push'],
  ['', 'nothing'],
])('%s (%s) is no storage class', (uid) => {
  expect(isStorageSopClass(uid)).toBe(false)
})

test('a storage class has the name that the standard gives it, an unknown one none', () => {
  expect(sopClassName('1.2.840.10008.5.1.4.1.1.4')).toBe('MR Image Storage')
  expect(sopClassName('1.2.3')).toBeUndefined()
})

const SOURCE = fileURLToPath(new URL('../../../shared/standard/sops.json', import.meta.url))
/** The table's source is outside the repository; if it is absent, this is shown as skipped. */
const describeIfPresent = existsSync(SOURCE) ? describe : describe.skip

describeIfPresent('compared with the list that it was made from', () => {
  test('the table of SOP classes is complete, and all but the DICOMDIR are stored', () => {
    const listed = JSON.parse(readFileSync(SOURCE, 'utf8')) as { id: string; name: string }[]
    expect(listed.length).toBe(175)
    expect(new Map(SOP_CLASS_NAMES)).toEqual(new Map(listed.map(({ id, name }) => [id, name])))
    const refused = listed.filter(({ id }) => !isStorageSopClass(id)).map(({ name }) => name)
    expect(refused).toEqual(['Media Storage Directory Storage'])
  })
})

test('an instance counts as stored on success and on warnings, not on a failure or a pending answer', () => {
  const { Success, ElementsDiscarded, OutOfResources, CannotUnderstand, ProcessingFailure } = STORAGE_STATUS
  expect([Success, ElementsDiscarded, 0xb123].map(isStored)).toEqual([true, true, true])
  const others = [OutOfResources, CannotUnderstand, ProcessingFailure, 0xfe00, 0xff00, 0x1]
  expect(others.some(isStored)).toBe(false)
})
