import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeBech32, encodeBech32 } from '../../src/age/bech32.ts'

const bytes = fc.uint8Array({ maxLength: 64 })

test('texts that hold whole bytes are read, those of BIP 173 among them', () => {
  expect(decodeBech32('a', 'A12UEL5L')).toEqual(Buffer.alloc(0))
  expect(decodeBech32('a', 'a12uel5l')).toEqual(Buffer.alloc(0))
  expect(decodeBech32('x', 'x1qqmkfy3s')).toEqual(Buffer.of(0))
  const abcdef = Buffer.from('00443214c74254b635cf84653a56d7c675be77df', 'hex')
  expect(decodeBech32('abcdef', 'abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw')).toEqual(abcdef)
  expect(encodeBech32('abcdef', abcdef)).toBe('abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw')
})

test.each([
  ['no separator', 'pzry9x0s0muk', ''],
  ['an empty prefix', '1pzry9x0s0muk', 'x'],
  ['a character outside the alphabet', 'x1b4n0q5v', 'x'],
  ['a checksum that is too short', 'li1dgmt3', 'li'],
  ['a checksum over the upper-case prefix', 'A1G7SGD8', 'a'],
  ['mixed case', 'A12uEL5L', 'a'],
  ['another prefix', 'a12uel5l', 'b'],
  ['padding that is not zero', 'x1qpxqa3vz', 'x'],
  ['five bits of padding', 'x1qm7ssx4', 'x'],
  ['seven bits of padding', 'x1qqqn0an5s', 'x'],
])('a text with %s is not Bech32', (_fault, text, prefix) => {
  expect(decodeBech32(prefix, text)).toBeUndefined()
})

test('every run of bytes survives encoding and decoding, in lower and in upper case', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      const text = encodeBech32('age', data)
      expect(decodeBech32('age', text)).toEqual(Buffer.from(data))
      expect(decodeBech32('age', text.toUpperCase())).toEqual(Buffer.from(data))
    }),
  )
})

test('one mistyped character is always noticed', () => {
  const alphabet = Array.from('qpzry9x8gf2tvdw0s3jn54khce6mua7l')
  fc.assert(
    fc.property(bytes, fc.nat(), fc.constantFrom(...alphabet), (data, at, character) => {
      const text = encodeBech32('age', data)
      const position = 4 + (at % (text.length - 4))
      fc.pre(text[position] !== character)
      const mistyped = text.slice(0, position) + character + text.slice(position + 1)
      expect(decodeBech32('age', mistyped)).toBeUndefined()
    }),
  )
})
