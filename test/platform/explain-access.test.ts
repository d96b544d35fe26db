import { expect, test } from '@jest/globals'
import { explainAccess } from '../../src/platform/explain-access.ts'
import { failureFrom } from '../../src/platform/failure.ts'

const coded = (code: string): Error => Object.assign(new Error(`${code}: told without a path`), { code })

test.each([
  ['EACCES', 'ACCESS_DENIED'],
  ['EPERM', 'ACCESS_DENIED'],
  ['SQLITE_CANTOPEN', 'STORAGE_ERROR'],
  ['SQLITE_CANTOPEN_ISDIR', 'STORAGE_ERROR'],
  ['SQLITE_READONLY_DBMOVED', 'STORAGE_ERROR'],
  ['EROFS', 'STORAGE_ERROR'],
])('%s without a path is not called a fault of Ferry itself', (code, expected) => {
  const outer = new Error('outer', { cause: coded(code) })
  for (const error of [coded(code), outer])
    expect(explainAccess(failureFrom(error, 'INTERNAL', 'running the command')).code).toBe(expected)
})

test('another error stays what it was', () => {
  expect(explainAccess(failureFrom(coded('EPIPE'), 'INTERNAL', 'running')).code).toBe('INTERNAL')
  expect(explainAccess(failureFrom(coded('EACCES'), 'PORT_IN_USE', 'listening')).code).toBe('PORT_IN_USE')
})
