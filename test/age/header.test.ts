import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeHeader, isAuthentic, parseHeader } from '../../src/age/header.ts'

const fileKey = Buffer.alloc(16, 7)
const MAC_LINE = `--- ${'A'.repeat(43)}\n`

const word = fc.string({
  minLength: 1,
  maxLength: 80,
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
})
const body = fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes))
const stanza = fc.record({ arguments: fc.array(word, { minLength: 1, maxLength: 4 }), body })

test('any stanzas come back from a header as they went in, authentic for the file key and no other', () => {
  fc.assert(
    fc.property(fc.array(stanza, { minLength: 1, maxLength: 5 }), (stanzas) => {
      const header = parseHeader(encodeHeader(stanzas, fileKey))
      expect(header.stanzas).toEqual(stanzas)
      expect(isAuthentic(header, fileKey)).toBe(true)
      expect(isAuthentic(header, Buffer.alloc(16, 8))).toBe(false)
    }),
  )
})

test('a body that fills its lines is followed by an empty one, as the format demands', () => {
  const text = encodeHeader([{ arguments: ['x'], body: Buffer.alloc(48) }], fileKey).toString()
  expect(text).toContain(`-> x\n${'A'.repeat(64)}\n\n---`)
})

test.each([
  ['no stanza', MAC_LINE, 'no recipient stanza'],
  ['a line after a stanza that belongs to nothing', `-> x\n\nAAAA\n${MAC_LINE}`, 'belongs neither'],
  ['a second MAC', `-> x\n\n${MAC_LINE}${MAC_LINE}`, 'belongs neither'],
  ['no MAC', '-> x\n\n', 'belongs neither'],
  ['no line feed at its end', `-> x\n\n${MAC_LINE.trimEnd()}`, 'does not end with a line feed'],
  ['an empty argument', `-> x  y\n\n${MAC_LINE}`, 'empty or unprintable argument'],
  ['a letter outside ASCII in an argument', `-> \xe9\n\n${MAC_LINE}`, 'empty or unprintable argument'],
  ['a body line of 65 characters', `-> x\n${'A'.repeat(65)}\n\n${MAC_LINE}`, 'longer than 64'],
  [
    'a body without its last line',
    `-> x\n${'A'.repeat(64)}\n${'A'.repeat(64)}\n`,
    'without a short last line',
  ],
  ['padded base64', `-> x\nAA==\n${MAC_LINE}`, 'not canonical base64'],
  ['base64 of the URL alphabet', `-> x\nA-_A\n${MAC_LINE}`, 'not canonical base64'],
])('a header with %s is refused, and the reason says so', (_fault, text, reason) => {
  const parse = (): unknown => parseHeader(Buffer.from(`age-encryption.org/v1\n${text}`, 'latin1'))
  expect(parse).toThrow(
    expect.objectContaining({ code: 'AGE_FORMAT', message: expect.stringContaining(reason) }),
  )
})
