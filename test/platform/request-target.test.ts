import { expect, test } from '@jest/globals'
import { parseRequestTarget } from '../../src/platform/http/request-target.ts'

test('a path and its query are split and left as they were sent', () => {
  const { path, query } = parseRequestTarget('/v1/studies/1.2%2F3/../x?limit=5&user=%E5%BC%A0+x')
  expect(path).toBe('/v1/studies/1.2%2F3/../x')
  expect(Object.fromEntries(query)).toEqual({ limit: '5', user: '张 x' })
  expect(parseRequestTarget('/').path).toBe('/')
})

test.each([
  ['nothing', undefined],
  ['an empty text', ''],
  ['two slashes', '//'],
  ['another host', '//evil.example/'],
  ['absolute-form', 'http://127.0.0.1/'],
  ['asterisk-form', '*'],
  ['authority-form', '127.0.0.1:80'],
  ['a lone percent sign', '/v1/%'],
  ['half an escape', '/v1/%4'],
  ['an escape that is not hexadecimal', '/%zz'],
  ['bytes that are not UTF-8', '/%ff'],
  ['half a character of UTF-8', '/%E5%BC'],
  ['a malformed query', '/?user=%E5'],
  ['a fragment', '/#x'],
  ['a backslash', '/\\evil.example'],
  ['a space', '/a b'],
  ['a control character', '/\u0001'],
  ['a character beyond ASCII', '/张'],
])('%s is no target', (_, target) => {
  expect(() => parseRequestTarget(target)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }))
})
