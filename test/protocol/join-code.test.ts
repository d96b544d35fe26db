import { expect, test } from '@jest/globals'
import { encodeJoinCode, type JoinCode, parseJoinCode } from '../../src/protocol/join-code.ts'

const code: JoinCode = {
  url: 'https://192.168.1.10:8443',
  center: 'ab'.repeat(32),
  tlsPin: 'A'.repeat(43),
  token: 'B'.repeat(32),
  expiresAt: '2026-01-02T03:04:05.678Z',
}
const text = encodeJoinCode(code)
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'JOIN_CODE_INVALID', message: expect.stringMatching(message) })

test('a code that a mail program broke into lines is read as if it were whole', () => {
  const broken = `  ${text.replace(/(.{40})/g, '$1\r\n')} \n`
  expect(parseJoinCode(broken)).toEqual(code)
})

test('a typing slip anywhere in the code is noticed', () => {
  for (let at = 'FERRY1-'.length; at < text.length; at++) {
    const slip = text[at] === 'x' ? 'y' : 'x'
    expect(() => parseJoinCode(text.slice(0, at) + slip + text.slice(at + 1))).toThrow(
      invalid(/it is not whole/),
    )
  }
})

test('two characters that changed places are noticed', () => {
  const at = text.indexOf('J')
  const swapped = text.slice(0, at) + text[at + 1] + text[at] + text.slice(at + 2)
  expect(swapped).not.toBe(text)
  expect(() => parseJoinCode(swapped)).toThrow(invalid(/it is not whole/))
})

test('a code whose end was not copied says that the end is missing', () => {
  for (const missing of [1, 6, 7, 8, 100]) {
    expect(() => parseJoinCode(text.slice(0, -missing))).toThrow(invalid(/copy all of it/))
  }
})

test('something else that was pasted is told apart from a damaged code', () => {
  for (const other of ['', 'hello', 'https://192.168.1.10:8443', text.slice(1)]) {
    expect(() => parseJoinCode(other)).toThrow(invalid(/it begins with FERRY1-/))
  }
})

test('a whole code that leads anywhere but to an HTTPS address is refused', () => {
  const wrong: Partial<JoinCode>[] = [
    { url: 'http://192.168.1.10' },
    { center: 'ab' },
    { tlsPin: '' },
    { token: 'x' },
  ]
  for (const change of wrong) {
    const [field = ''] = Object.keys(change)
    expect(() => parseJoinCode(encodeJoinCode({ ...code, ...change }))).toThrow(invalid(new RegExp(field)))
  }
})

test('the message about a bad code never repeats its token', () => {
  const bad = encodeJoinCode({ ...code, token: 'SECRET' })
  expect(() => parseJoinCode(bad)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('SECRET') }),
  )
})
