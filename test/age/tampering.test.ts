import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Opener } from '../../src/age/opener.ts'
import { HEADER_LIMIT_BYTES } from '../../src/age/preamble-gatherer.ts'
import { generateIdentity, parseIdentity, recipientOf } from '../../src/age/x25519-keys.ts'
import { openAgeFile, sealAgeFile } from '../support/instances/age-file.ts'
import { propertyRuns } from '../support/property-runs.ts'

const center = parseIdentity(generateIdentity().identity)
const recovery = parseIdentity(generateIdentity().identity)

const CHUNK = 65_536
const SEALED_CHUNK = CHUNK + 16
const plaintext = randomBytes(2 * CHUNK + 100)
const file = sealAgeFile(plaintext, [recipientOf(center), recipientOf(recovery)])
const payloadAt = file.indexOf('\n---') + '\n--- '.length + 43 + '\n'.length + 16
const chunkAt = (index: number): number => payloadAt + index * SEALED_CHUNK

/** Regions of the file, and how much plaintext may come out before a change there is noticed. */
const regions: [name: string, from: number, to: number, released: number][] = [
  ['the version line', 0, 22, 0],
  ['the stanza that is ours', 22, 22 + 98, 0],
  ['the stanza of somebody else', 22 + 98, 22 + 2 * 98, 0],
  ['the header MAC', 22 + 2 * 98, payloadAt - 16, 0],
  ['the payload nonce', payloadAt - 16, payloadAt, 0],
  ['the first chunk', chunkAt(0), chunkAt(1) - 16, 0],
  ["the first chunk's tag", chunkAt(1) - 16, chunkAt(1), 0],
  ['the second chunk', chunkAt(1), chunkAt(2) - 16, CHUNK],
  ["the second chunk's tag", chunkAt(2) - 16, chunkAt(2), CHUNK],
  ['the last chunk', chunkAt(2), file.length - 16, 2 * CHUNK],
  ["the last chunk's tag", file.length - 16, file.length, 2 * CHUNK],
]

test('the regions below cover the file without a gap, and unchanged it opens', () => {
  expect(regions.map(([, from]) => from)).toEqual([0, ...regions.slice(0, -1).map(([, , to]) => to)])
  expect(regions.at(-1)?.[2]).toBe(file.length)
  expect(openAgeFile(file, [center]).plaintext.equals(plaintext)).toBe(true)
})

test.each(regions)(
  'a single flipped bit in %s is noticed before anything of it is handed out',
  (_name, from, to, released) => {
    fc.assert(
      fc.property(fc.integer({ min: from, max: to - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const changed = Buffer.from(file)
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at)
        const opened = openAgeFile(changed, [center])
        // A flipped bit in our stanza may leave a well-formed stanza that fits no key.
        expect(opened.failure?.code).toMatch(from === 22 ? /^AGE_(FORMAT|NO_KEY)$/ : /^AGE_FORMAT$/)
        expect(opened.plaintext.equals(plaintext.subarray(0, released))).toBe(true)
      }),
      { numRuns: propertyRuns(40) },
    )
  },
)

describe('a file that is cut off', () => {
  const ends = [0, 1, 21, 22, 23, payloadAt - 17, payloadAt - 16, payloadAt - 1, payloadAt, payloadAt + 16]
  const later = [0, 1, 2].flatMap((index) => [-16, -1, 0, 1, 15, 16, 17].map((off) => chunkAt(index) + off))

  test.each([...ends, ...later, file.length - 1])(
    'an age file that is cut off after %i bytes is refused',
    (end) => {
      const { plaintext: opened, failure } = openAgeFile(file.subarray(0, end), [center])
      expect(failure).toMatchObject({ code: 'AGE_FORMAT', remedy: 'none' })
      expect(opened.equals(plaintext.subarray(0, opened.length))).toBe(true)
    },
  )
})

const head = file.subarray(0, payloadAt)
const [first, second, last] = [0, 1, 2].map((index) => file.subarray(chunkAt(index), chunkAt(index + 1)))
const pieces = { first: first ?? head, second: second ?? head, last: last ?? head }

test.each([
  ['swapped chunks', [pieces.second, pieces.first, pieces.last]],
  ['a missing chunk', [pieces.first, pieces.last]],
  ['a chunk that comes twice', [pieces.first, pieces.first, pieces.second, pieces.last]],
  ['no last chunk', [pieces.first, pieces.second]],
  ['one byte after the last chunk', [pieces.first, pieces.second, pieces.last, Buffer.of(0)]],
  ['its last chunk twice', [pieces.first, pieces.second, pieces.last, pieces.last]],
  ['more chunks after the last', [pieces.first, pieces.second, pieces.last, pieces.first, pieces.second]],
])('a file with %s is refused', (_fault, chunks) => {
  const { failure } = openAgeFile(Buffer.concat([head, ...chunks]), [center])
  expect(failure).toMatchObject({ code: 'AGE_FORMAT', message: expect.stringContaining('payload') })
})

test('bytes after a last chunk of full length are refused', () => {
  const whole = sealAgeFile(plaintext.subarray(0, CHUNK), [recipientOf(center)])
  expect(openAgeFile(whole, [center]).failure).toBeUndefined()
  for (const extra of [1, SEALED_CHUNK]) {
    const { failure } = openAgeFile(Buffer.concat([whole, Buffer.alloc(extra)]), [center])
    expect(failure).toMatchObject({ code: 'AGE_FORMAT', message: expect.stringContaining('after its last') })
  }
})

test('an opener that has failed opens nothing more, even if good bytes follow', () => {
  const opener = new Opener([center])
  opener.update(head)
  const refused = expect.objectContaining({ code: 'AGE_FORMAT' })
  expect(() => opener.update(Buffer.alloc(SEALED_CHUNK))).toThrow(refused)
  expect(() => opener.update(file.subarray(payloadAt))).toThrow(refused)
  expect(() => opener.final()).toThrow(refused)
})

test('bytes that are not an age file are refused at once', () => {
  const opener = new Opener([center])
  expect(opener.update(Buffer.from('age-encryption.org'))).toEqual([])
  expect(() => opener.update(Buffer.from('/v2'))).toThrow(expect.objectContaining({ code: 'AGE_FORMAT' }))
  expect(openAgeFile(Buffer.alloc(0), [center]).failure).toMatchObject({ code: 'AGE_FORMAT' })
})

test.each(['', '\n'])(
  'a header without an end is given up at its limit, however its lines are broken',
  (lineEnd) => {
    const opener = new Opener([center])
    opener.update(Buffer.from('age-encryption.org/v1\n-> x\n'))
    const more = Buffer.from('A'.repeat(63) + (lineEnd === '' ? 'A' : lineEnd))
    let given = 27
    expect(() => {
      for (; given < 10 * HEADER_LIMIT_BYTES; given += more.length) opener.update(more)
    }).toThrow(
      expect.objectContaining({ code: 'AGE_FORMAT', message: expect.stringContaining('no end within') }),
    )
    expect(given).toBeLessThanOrEqual(HEADER_LIMIT_BYTES + more.length)
  },
)

test('a header that ends one byte beyond the limit is refused though all of it came at once', () => {
  const stanza = `-> filler ${'x'.repeat(HEADER_LIMIT_BYTES)}\n\n`
  const long = `age-encryption.org/v1\n${stanza}--- ${'A'.repeat(43)}\n`
  const { failure } = openAgeFile(Buffer.from(long), [center], [long.length])
  expect(failure).toMatchObject({ code: 'AGE_FORMAT', message: expect.stringContaining('no end within') })
})

test('a header whose MAC was made without the file key is refused', () => {
  const forged = Buffer.from(head)
  const end = forged.indexOf('\n---') + 4
  const mac = createHmac('sha256', Buffer.alloc(32)).update(forged.subarray(0, end)).digest('base64')
  forged.write(mac.slice(0, 43), end + 1, 'latin1')
  const { failure } = openAgeFile(Buffer.concat([forged, file.subarray(payloadAt)]), [center])
  expect(failure).toMatchObject({ code: 'AGE_FORMAT', message: expect.stringContaining('MAC does not fit') })
})
