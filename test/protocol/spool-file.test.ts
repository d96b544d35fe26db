import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  type Envelope,
  encodeEnvelope,
  encodeTrailer,
  parseEnvelope,
  parseTrailer,
  TRAILER_BYTES,
  type Trailer,
} from '../../src/protocol/spool-file.ts'
import { vectorJson } from '../support/instances/vector.ts'

const { envelope, trailer } = vectorJson('spool-file.json') as { envelope: Envelope; trailer: Trailer }
const invalid = expect.objectContaining({ code: 'SPOOL_FILE_INVALID' })

test('a name that a device may call itself comes back from the envelope as it was', () => {
  const text = fc.string({ unit: 'binary', maxLength: 16 })
  fc.assert(
    fc.property(text, text, fc.nat(), (callingAeTitle, calledAeTitle, part10HeaderBytes) => {
      const given = { ...envelope, callingAeTitle, calledAeTitle, part10HeaderBytes }
      expect(parseEnvelope(encodeEnvelope(given))?.envelope).toEqual(given)
    }),
  )
})

test('an envelope that is not whole yet is waited for, and what follows it is left alone', () => {
  const bytes = encodeEnvelope(envelope)
  for (let length = 0; length < bytes.length; length++)
    expect(parseEnvelope(bytes.subarray(0, length))).toBeUndefined()
  expect(parseEnvelope(Buffer.concat([bytes, Buffer.from('age')]))).toEqual({
    envelope,
    bytesRead: bytes.length,
  })
})

test('an envelope that announces more than 64 KiB is refused from its first 16 bytes', () => {
  const head = encodeEnvelope(envelope).subarray(0, 16)
  head.writeUInt32BE(65_537, 12)
  expect(() => parseEnvelope(head)).toThrow(invalid)
  head.writeUInt32BE(65_536, 12)
  expect(parseEnvelope(head)).toBeUndefined()
})

test('an envelope over 64 KiB is not written', () => {
  expect(() => encodeEnvelope({ ...envelope, listener: 'x'.repeat(65_536) })).toThrow(invalid)
})

test('another version or suite is named in the refusal', () => {
  for (const at of [9, 11]) {
    const bytes = encodeEnvelope(envelope)
    bytes[at] = 2
    expect(() => parseEnvelope(bytes)).toThrow('where 1 and 1 are known')
  }
})

test('a trailer comes back as it was, for an instance of any size that a file can have', () => {
  const sha256 = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => Buffer.from(bytes).toString('hex'))
  const bytes = fc.nat({ max: Number.MAX_SAFE_INTEGER - TRAILER_BYTES })
  fc.assert(
    fc.property(bytes, sha256, bytes, sha256, (dataSetBytes, dataSetSha256, sealedBytes, sealedSha256) => {
      const given = { dataSetBytes, dataSetSha256, sealedBytes, sealedSha256 }
      const encoded = encodeTrailer(given)
      expect(encoded.length).toBe(TRAILER_BYTES)
      expect(parseTrailer(encoded, sealedBytes + TRAILER_BYTES)).toEqual(given)
    }),
  )
})

test('a file that lost or gained a byte is not an accepted file, though its trailer is whole', () => {
  const bytes = encodeTrailer(trailer)
  const fileBytes = trailer.sealedBytes + TRAILER_BYTES
  expect(parseTrailer(bytes, fileBytes)).toEqual(trailer)
  for (const length of [fileBytes - 1, fileBytes + 1])
    expect(() => parseTrailer(bytes, length)).toThrow(invalid)
})

test('a trailer with any bit flipped is not a trailer', () => {
  const bytes = encodeTrailer(trailer)
  for (let bit = 0; bit < 8 * TRAILER_BYTES; bit++) {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    expect(() => parseTrailer(flipped, trailer.sealedBytes + TRAILER_BYTES)).toThrow(invalid)
  }
})
