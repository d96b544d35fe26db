import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { encodePackHeader, type PackHeader, packBytes, parsePackHeader } from '../../src/protocol/pack.ts'
import { parseUlid } from '../../src/protocol/ulid.ts'

const header: PackHeader = {
  pack: parseUlid('01KDYAWY2EP000000000000PAK'),
  study: '1.2.3',
  members: [
    { ulid: parseUlid('01KDYAWY2EV00000000000000A'), bytes: 1000 },
    { ulid: parseUlid('01KDYAWY2EV00000000000000B'), bytes: 2_000_000_000_000 },
  ],
}
const invalid = expect.objectContaining({ code: 'PACK_INVALID' })
const damaged = expect.objectContaining({ code: 'PACK_DAMAGED' })
const HEAD_BYTES = 48

/** A head with its digest over whatever its first 16 bytes and its list are. */
function meantSo(start: Buffer, body: Buffer): Buffer {
  const digest = createHash('sha256').update(start.subarray(0, 16)).update(body).digest()
  return Buffer.concat([start.subarray(0, 16), digest, body])
}

test('a header that is not whole yet is waited for, and what follows it is left alone', () => {
  const bytes = encodePackHeader(header)
  for (let length = 0; length < bytes.length; length++) {
    expect(parsePackHeader(bytes.subarray(0, length))).toBeUndefined()
  }
  expect(parsePackHeader(Buffer.concat([bytes, Buffer.from('x')]))).toEqual({
    header,
    bytesRead: bytes.length,
  })
})

test('the same members make the same bytes, and the length of the whole is known beforehand', () => {
  const bytes = encodePackHeader(header)
  expect(encodePackHeader(structuredClone(header)).equals(bytes)).toBe(true)
  expect(packBytes(header)).toBe(bytes.length + 2_000_000_001_000)
})

test('a header that announces more than 4 MiB is damaged, as no agent writes one: no list is gathered for it', () => {
  const head = encodePackHeader(header).subarray(0, HEAD_BYTES)
  head.writeUInt32BE(4 * 1024 * 1024 + 1, 12)
  expect(() => parsePackHeader(head)).toThrow(damaged)
  head.writeUInt32BE(4 * 1024 * 1024, 12)
  expect(parsePackHeader(head)).toBeUndefined()
})

test('10,000 members, the most that can be set, stay far below that', () => {
  const members = Array.from({ length: 10_000 }, (_, i) => ({
    ulid: parseUlid(`01KDYAWY2EV000000000${String(i).padStart(6, '0')}`),
    bytes: Number.MAX_SAFE_INTEGER,
  }))
  const bytes = encodePackHeader({ ...header, members })
  expect(bytes.length).toBeLessThan(1024 * 1024)
  expect(parsePackHeader(bytes)?.header.members).toEqual(members)
})

test('a head with any bit turned, or zeros over any part of it, is damaged and never refused', () => {
  const good = encodePackHeader(header)
  // Room behind it, as members follow: a length that was turned up waits for more before it is judged.
  const room = Buffer.alloc(4 * 1024 * 1024)
  for (let at = 0; at < good.length; at++) {
    const flipped = Buffer.from(good)
    flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
    expect(() => parsePackHeader(Buffer.concat([flipped, room]))).toThrow(damaged)
    const zeroed = Buffer.from(good).fill(0, 0, at + 1)
    expect(() => parsePackHeader(Buffer.concat([zeroed, room]))).toThrow(damaged)
  }
})

test('a pack of another version, of nothing, or of members without length is refused if its digest holds', () => {
  const bytes = encodePackHeader(header)
  bytes[9] = 3
  expect(() => parsePackHeader(meantSo(bytes, bytes.subarray(HEAD_BYTES)))).toThrow(
    'version 3, where 2 is known',
  )
  for (const members of [
    [],
    [{ ulid: parseUlid('01KDYAWY2EV00000000000000A'), bytes: 0 }],
    [{ ulid: 'short', bytes: 1 }],
  ]) {
    const body = Buffer.from(JSON.stringify({ ...header, members }))
    const head = encodePackHeader(header)
    head.writeUInt32BE(body.length, 12)
    expect(() => parsePackHeader(meantSo(head, body))).toThrow(invalid)
  }
})
