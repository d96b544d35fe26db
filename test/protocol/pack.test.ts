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

test('a header that announces more than 4 MiB is refused from its first 16 bytes', () => {
  const head = encodePackHeader(header).subarray(0, 16)
  head.writeUInt32BE(4 * 1024 * 1024 + 1, 12)
  expect(() => parsePackHeader(head)).toThrow(invalid)
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

test('a pack of another version, of nothing, or of members without length is refused', () => {
  const bytes = encodePackHeader(header)
  bytes[9] = 2
  expect(() => parsePackHeader(bytes)).toThrow('version 2, where 1 is known')
  for (const members of [
    [],
    [{ ulid: parseUlid('01KDYAWY2EV00000000000000A'), bytes: 0 }],
    [{ ulid: 'short', bytes: 1 }],
  ]) {
    const body = Buffer.from(JSON.stringify({ ...header, members }))
    const head = encodePackHeader(header).subarray(0, 16)
    head.writeUInt32BE(body.length, 12)
    expect(() => parsePackHeader(Buffer.concat([head, body]))).toThrow(invalid)
  }
})
