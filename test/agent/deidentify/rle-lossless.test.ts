import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { decodeRle, encodeRle } from '../../../src/agent/deidentify/pixels/rle-lossless.ts'

/** Runs and noise, as pixels have them. */
const pixels = fc
  .array(
    fc.tuple(fc.integer({ min: 0, max: 255 }), fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 300 }))),
  )
  .map((runs) => runs.flatMap(([value, count]) => Array<number>(count).fill(value)))

test('an encoded frame comes out of the decoder again, whatever its runs', () => {
  fc.assert(
    fc.property(
      pixels,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 400 }),
      (values, segments, rowBytes) => {
        const rows = Math.floor(values.length / (segments * rowBytes))
        fc.pre(rows > 0)
        const decoded = Buffer.from(values).subarray(0, rows * segments * rowBytes)
        const encoded = encodeRle(decoded, segments, rowBytes)
        expect(encoded.length % 2).toBe(0)
        expect(decodeRle(encoded, segments, rows * rowBytes)).toEqual(decoded)
      },
    ),
  )
})

test('a run of equal pixels takes two bytes for each 128, and noise one byte more', () => {
  expect(encodeRle(Buffer.alloc(256), 1, 256).length - 64).toBe(4)
  const noise = Buffer.from(Array.from({ length: 128 }, (_, i) => i))
  expect(encodeRle(noise, 1, 128).length - 64).toBe(130)
})

test('a frame that is cut off, or whose segments lie elsewhere, is withheld', () => {
  const frame = encodeRle(Buffer.from('00010203040506070809', 'hex'), 2, 5)
  expect(() => decodeRle(frame.subarray(0, 70), 2, 5)).toThrow(/outside its frame|too early/)
  expect(() => decodeRle(frame, 3, 5)).toThrow(/header/)
  expect(() => decodeRle(frame, 2, 4)).toThrow(/too long/)
  expect(() => decodeRle(frame, 2, 6)).toThrow(/too early/)
  const elsewhere = Buffer.from(frame)
  elsewhere.writeUInt32LE(1000, 8)
  expect(() => decodeRle(elsewhere, 2, 5)).toThrow(/outside its frame/)
})
