import { expect, test } from '@jest/globals'
import { deriveStudyUid, deriveUid } from '../../../src/agent/arrival/wrap/derive-uid.ts'
import { isUid } from '../../../src/dicom/vocabulary/uid.ts'

const secret = Buffer.alloc(32, 7)

test('a derived UID is the same for the same parts, and differs with the secret and the border between parts', () => {
  const uid = deriveUid(secret, 'ab', 'c')
  expect(isUid(uid)).toBe(true)
  expect(deriveUid(secret, 'ab', 'c')).toBe(uid)
  expect(deriveUid(secret, 'a', 'bc')).not.toBe(uid)
  expect(deriveUid(Buffer.alloc(32, 8), 'ab', 'c')).not.toBe(uid)
})

test('a study that no order claims is the same for one folder, patient and day', () => {
  const uid = deriveStudyUid(secret, 'endoscopy', { id: '7', issuer: 'H' }, '20261201')
  expect(deriveStudyUid(secret, 'endoscopy', { id: '7', issuer: 'H' }, '20261201')).toBe(uid)
  expect(deriveStudyUid(secret, 'endoscopy', { id: '7' }, '20261201')).not.toBe(uid)
  expect(deriveStudyUid(secret, 'endoscopy', { id: '7', issuer: 'H' }, '20261202')).not.toBe(uid)
})
