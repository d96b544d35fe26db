import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import {
  encodeJoinCode,
  type JoinCode,
  joinToken,
  parseJoinCode,
  verifierOf,
} from '../../src/protocol/join-code.ts'

const code: JoinCode = {
  url: 'https://192.168.1.10:8443',
  verifier: verifierOf('b536c4386d55f79e22a8a7a416f91f6d1a5c28155f74ae10d8e17f3ffd457b54'),
  token: joinToken(Buffer.from('0123456789abcdef0123456789', 'hex')),
}
const text = encodeJoinCode(code)
const LETTERS_AT = text.indexOf('/') + 1
const bits = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`)
const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'JOIN_CODE_INVALID', message: expect.stringMatching(message) })

test('a code is an address and at most 60 typed characters', () => {
  expect(text).toMatch(/^192\.168\.1\.10:8443\/([0-9A-HJKMNP-TV-Z]{5}-){9}[0-9A-HJKMNP-TV-Z]{5}$/)
  expect(text.length - LETTERS_AT).toBe(59)
})

test('the verifier and the token have 100 bits each', () => {
  for (let i = 0; i < 200; i++) {
    const [fingerprint, random] = [randomBytes(32), randomBytes(13)]
    const value = (symbols: string): bigint =>
      Array.from(symbols).reduce((sum, symbol) => sum * 32n + BigInt(SYMBOLS.indexOf(symbol)), 0n)
    expect(value(verifierOf(fingerprint.toString('hex')))).toBe(bits(fingerprint) >> 156n)
    expect(value(joinToken(random))).toBe(bits(random) >> 4n)
  }
})

test('a code that a mail program broke into lines is read as if it were whole', () => {
  const broken = `  ${text.replace(/(.{17})/g, '$1\r\n')} \n`
  expect(parseJoinCode(broken)).toEqual(code)
})

test('a code is read as people type it: small letters, no dashes, O for 0, wide characters, with https in front', () => {
  const wide = Array.from(text, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)).join(
    '',
  )
  const typed = [
    text.toLowerCase(),
    text.replaceAll('-', ' '),
    text.replaceAll('-', ''),
    text.slice(0, LETTERS_AT) + text.slice(LETTERS_AT).replaceAll('0', 'O').replaceAll('1', 'l'),
    wide,
    `https://${text}`,
  ]
  for (const one of typed) expect(parseJoinCode(one)).toEqual(code)
})

test('every wrong letter is noticed, and its group is named', () => {
  for (let at = LETTERS_AT; at < text.length; at++) {
    if (text[at] === '-') continue
    const group = Math.floor((at - LETTERS_AT) / 6) + 1
    for (const slip of `${SYMBOLS}U`) {
      if (slip === text[at]) continue
      expect(() => parseJoinCode(text.slice(0, at) + slip + text.slice(at + 1))).toThrow(
        invalid(new RegExp(`group ${group} of ten has a typing error`)),
      )
    }
  }
})

test('two letters that changed places are noticed, and two groups that did', () => {
  for (let at = LETTERS_AT; at + 1 < text.length; at++) {
    const [a = '', b = ''] = [text[at], text[at + 1]]
    if (a === b || a === '-' || b === '-') continue
    const swapped = text.slice(0, at) + b + a + text.slice(at + 2)
    expect(() => parseJoinCode(swapped)).toThrow(invalid(/has a typing error/))
  }
  const groups = text.slice(LETTERS_AT).split('-')
  const swapped = [groups[1], groups[0], ...groups.slice(2)].join('-')
  expect(() => parseJoinCode(text.slice(0, LETTERS_AT) + swapped)).toThrow(invalid(/group 1 of ten/))
})

test('a code whose end was not copied says that the end is missing', () => {
  for (const missing of [1, 5, 6, 7, 30, 59]) {
    expect(() => parseJoinCode(text.slice(0, -missing))).toThrow(invalid(/copy all of it/))
  }
})

test('a code with something after it says so', () => {
  expect(() => parseJoinCode(`${text}-${text.slice(LETTERS_AT)}`)).toThrow(invalid(/group 11|100 letters/))
})

test('something else that was pasted is told apart from a damaged code', () => {
  for (const other of ['', 'hello', text.slice(LETTERS_AT), 'http://10.0.0.1/7K3QX', 'ftp://a@b/7K3QX']) {
    expect(() => parseJoinCode(other)).toThrow(invalid(/begins with the center's address and a slash/))
  }
})

test('an address with a path, a name or IPv6 is kept', () => {
  for (const url of [
    'https://imaging.example.org',
    'https://[2001:db8::1]:8443',
    'https://example.org/ferry',
  ]) {
    expect(parseJoinCode(encodeJoinCode({ ...code, url }))).toEqual({ ...code, url })
  }
})

test('the message about a bad code never repeats its secret', () => {
  const secret = text.slice(-6).replace('-', '')
  for (const bad of [text.slice(0, -1), `${text.slice(0, -1)}U`, `${text}XX`, text.replace('/', '')]) {
    expect(() => parseJoinCode(bad)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(secret.slice(0, 4)) }),
    )
  }
})
