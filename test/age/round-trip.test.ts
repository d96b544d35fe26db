import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Opener } from '../../src/age/opener.ts'
import { Sealer, sealedBytes } from '../../src/age/sealer.ts'
import { generateIdentity, parseIdentity, recipientOf } from '../../src/age/x25519-keys.ts'
import { openAgeFile, sealAgeFile } from '../support/instances/age-file.ts'
import { propertyRuns } from '../support/property-runs.ts'

const center = parseIdentity(generateIdentity().identity)
const recovery = parseIdentity(generateIdentity().identity)
const stranger = parseIdentity(generateIdentity().identity)
const recipients = [recipientOf(center), recipientOf(recovery)]

const CHUNK = 65_536
const noise = randomBytes(4 * CHUNK)

describe.each([
  0,
  1,
  15,
  16,
  17,
  CHUNK - 1,
  CHUNK,
  CHUNK + 1,
  2 * CHUNK - 1,
  2 * CHUNK,
  2 * CHUNK + 1,
  3 * CHUNK,
])('a plaintext of %i bytes', (length) => {
  const plaintext = noise.subarray(0, length)

  test('a sealed plaintext comes back unchanged, and the sealed file has exactly the length foretold', () => {
    const file = sealAgeFile(plaintext, recipients)
    expect(file.length).toBe(sealedBytes(length, recipients.length))
    const { plaintext: opened, failure } = openAgeFile(file, [center])
    expect(failure).toBeUndefined()
    expect(opened.equals(plaintext)).toBe(true)
  })
})

test('how the bytes are cut into pieces on either side changes nothing', () => {
  const pieces = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 3 * CHUNK })),
    {
      minLength: 1,
    },
  )
  const lengths = fc.oneof(
    fc.integer({ min: 0, max: noise.length }),
    fc.constantFrom(CHUNK, 2 * CHUNK, 3 * CHUNK),
  )
  fc.assert(
    fc.property(lengths, pieces, pieces, (length, sealedIn, openedIn) => {
      const plaintext = noise.subarray(0, length)
      const file = sealAgeFile(plaintext, recipients, sealedIn)
      expect(file.length).toBe(sealedBytes(length, recipients.length))
      const { plaintext: opened, failure } = openAgeFile(file, [center], openedIn)
      expect(failure).toBeUndefined()
      expect(opened.equals(plaintext)).toBe(true)
    }),
    { numRuns: propertyRuns(60) },
  )
})

test('a file that comes byte by byte is opened, and its plaintext is handed out before the file has ended', () => {
  const plaintext = noise.subarray(0, CHUNK + 5)
  const file = sealAgeFile(plaintext, recipients)
  const opener = new Opener([center])
  const early: Buffer[] = []
  for (const byte of file.subarray(0, -1)) early.push(...opener.update(Buffer.of(byte)))
  expect(Buffer.concat(early).equals(plaintext.subarray(0, CHUNK))).toBe(true)
  const late = [...opener.update(file.subarray(-1)), ...opener.final()]
  expect(Buffer.concat(late).equals(plaintext.subarray(CHUNK))).toBe(true)
})

test('every recipient opens the file with any set of keys that has theirs, and no other key opens it', () => {
  const file = sealAgeFile(noise, recipients)
  for (const identities of [[center], [recovery], [stranger, recovery], [center, recovery]]) {
    expect(openAgeFile(file, identities).plaintext.equals(noise)).toBe(true)
  }
  for (const identities of [[], [stranger]]) {
    const { plaintext, failure } = openAgeFile(file, identities)
    expect(failure).toMatchObject({ code: 'AGE_NO_KEY', remedy: 'operator' })
    expect(plaintext).toHaveLength(0)
  }
})

test('the same plaintext twice shares no bytes: keys, shares and nonces are fresh for each file', () => {
  const [one, other] = [sealAgeFile(noise, recipients), sealAgeFile(noise, recipients)]
  const seen = new Set(words(one))
  expect(words(other).filter((word) => seen.has(word))).toEqual([])
})

test('the sealed file contains no run of the plaintext', () => {
  const telling = Buffer.alloc(3 * CHUNK, 'ZHANG^SAN=')
  expect(sealAgeFile(telling, recipients).includes('ZHANG')).toBe(false)
})

test('sealing without a recipient is refused', () => {
  expect(() => new Sealer([])).toThrow(expect.objectContaining({ code: 'SEAL_FAILED' }))
})

test('a sealer that is final takes nothing more, so that no nonce is used twice', () => {
  const sealer = new Sealer(recipients)
  sealer.final()
  const internal = expect.objectContaining({ code: 'INTERNAL' })
  expect(() => sealer.update(Buffer.of(1))).toThrow(internal)
  expect(() => sealer.final()).toThrow(internal)
})

/** The file after its version line, in words of 16 bytes. */
function words(file: Buffer): string[] {
  return file.toString('latin1', 22).match(/[^]{16}/g) ?? []
}
