import { expect, test } from '@jest/globals'
import { isUid, parseUid, trimUid } from '../../src/dicom/vocabulary/uid.ts'
import { failureOf } from './read-tokens.ts'

test.each(['1', '1.2.840.10008.1.1', '0.0', '1.2.03', `1.${'2'.repeat(62)}`])('%s is a UID', (text) => {
  expect(isUid(text)).toBe(true)
})

test.each([
  '',
  '.',
  '1.',
  '.1',
  '1..2',
  '1.2 ',
  '1.2\0',
  '1.2\n',
  '1.a',
  '１.２',
  'CTImageStorage',
  `1.${'2'.repeat(63)}`,
])('%j is not a UID', (text) => {
  expect(isUid(text)).toBe(false)
})

test('padding after a UID is not part of it, whatever its kind and length', () => {
  expect(trimUid('1.2.3\0')).toBe('1.2.3')
  expect(trimUid('1.2.3 \0 ')).toBe('1.2.3')
  expect(trimUid(' 1.2. 3')).toBe(' 1.2. 3')
  expect(trimUid('\0')).toBe('')
  expect(parseUid('1.2.3\0')).toBe('1.2.3')
})

test('a text that is not a UID is refused without repeating it', () => {
  for (const text of ['', 'DOE^JANE', '9'.repeat(65)]) {
    const failure = failureOf(() => parseUid(text))
    expect(failure?.code).toBe('UID_INVALID')
    expect(failure?.message).not.toMatch(/DOE|999/)
  }
})
