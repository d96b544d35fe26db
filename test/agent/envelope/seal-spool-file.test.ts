import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Sealer, sealedBytes } from '../../../src/age/sealer.ts'
import { generateIdentity, parseIdentity, recipientOf } from '../../../src/age/x25519-keys.ts'
import { rehearseSealing } from '../../../src/agent/envelope/rehearse-sealing.ts'
import { SpoolFileSealer } from '../../../src/agent/envelope/seal-spool-file.ts'
import {
  type Envelope,
  parseEnvelope,
  parseTrailer,
  TRAILER_BYTES,
} from '../../../src/protocol/spool-file.ts'
import { parseUlid } from '../../../src/protocol/ulid.ts'
import { openAgeFile, piecesOf } from '../../support/instances/age-file.ts'
import { propertyRuns } from '../../support/property-runs.ts'

const center = parseIdentity(generateIdentity().identity)
const recovery = parseIdentity(generateIdentity().identity)
const recipients = [recipientOf(center), recipientOf(recovery)]

const part10Header = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), randomBytes(220)])
const noise = randomBytes(300_000)

const envelope: Envelope = {
  ulid: parseUlid('01JABCDEFGHJKMNPQRSTVWXYZ0'),
  arrivedAt: '2026-01-02T03:04:05.678Z',
  listener: 'dicom',
  callingAeTitle: 'CT1',
  calledAeTitle: 'FERRY',
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.3.4',
  studyInstanceUid: '1.2.3',
  seriesInstanceUid: '1.2.3.1',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  part10HeaderBytes: part10Header.length,
  policy: 'identified',
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

function sealSpoolFile(dataSet: Buffer, pieceLengths: readonly number[]): Buffer {
  const sealer = new SpoolFileSealer(envelope, part10Header, new Sealer(recipients))
  const blocks = sealer.start()
  for (const piece of piecesOf(dataSet, pieceLengths)) blocks.push(...sealer.push(piece))
  const { blocks: last, trailer } = sealer.finish()
  const file = Buffer.concat([...blocks, ...last])
  expect(parseTrailer(file.subarray(-TRAILER_BYTES), file.length)).toEqual(trailer)
  return file
}

test('the file is envelope, age file and trailer, and gives back the Part 10 file however its bytes arrived', () => {
  const pieces = fc.array(fc.integer({ min: 1, max: 150_000 }), { minLength: 1 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: noise.length }), pieces, (length, pieceLengths) => {
      const dataSet = noise.subarray(0, length)
      const file = sealSpoolFile(dataSet, pieceLengths)
      const start = parseEnvelope(file)
      expect(start?.envelope).toEqual(envelope)
      const ageFile = file.subarray(start?.bytesRead, -TRAILER_BYTES)
      expect(ageFile.length).toBe(sealedBytes(part10Header.length + length, recipients.length))
      for (const identity of [center, recovery]) {
        const { plaintext, failure } = openAgeFile(ageFile, [identity], [70_000])
        expect(failure).toBeUndefined()
        expect(plaintext.equals(Buffer.concat([part10Header, dataSet]))).toBe(true)
      }
    }),
    { numRuns: propertyRuns(25) },
  )
})

test('the trailer holds two digests: of the data set alone, and of everything before the trailer', () => {
  const file = sealSpoolFile(noise, [16_384])
  expect(parseTrailer(file.subarray(-TRAILER_BYTES), file.length)).toEqual({
    dataSetBytes: noise.length,
    dataSetSha256: sha256(noise),
    sealedBytes: file.length - TRAILER_BYTES,
    sealedSha256: sha256(file.subarray(0, -TRAILER_BYTES)),
  })
})

test('the sealed file contains nothing of the data set in clear', () => {
  const telling = Buffer.from('ZHANG^SAN='.repeat(20_000))
  const file = sealSpoolFile(telling, [10_000])
  expect(telling.includes('ZHANG')).toBe(true)
  expect(file.includes('ZHANG')).toBe(false)
})

test('an instance of any length keeps at most one chunk in memory', () => {
  const sealer = new SpoolFileSealer(envelope, part10Header, new Sealer(recipients))
  let [taken, given] = [part10Header.length, sealer.start().reduce((sum, block) => sum + block.length, 0)]
  for (let i = 0; i < 100; i++) {
    taken += noise.length
    given += sealer.push(noise).reduce((sum, block) => sum + block.length, 0)
    expect(taken - given).toBeLessThanOrEqual(65_536)
  }
})

test('an envelope that names another length for the Part 10 header is refused', () => {
  const wrong = { ...envelope, part10HeaderBytes: part10Header.length + 1 }
  expect(() => new SpoolFileSealer(wrong, part10Header, new Sealer(recipients))).toThrow(
    expect.objectContaining({ code: 'INTERNAL' }),
  )
})

test('calls out of order are refused rather than written down in the wrong order', () => {
  const internal = expect.objectContaining({ code: 'INTERNAL' })
  const sealer = new SpoolFileSealer(envelope, part10Header, new Sealer(recipients))
  expect(() => sealer.push(noise)).toThrow(internal)
  expect(() => sealer.finish()).toThrow(internal)
  sealer.start()
  expect(() => sealer.start()).toThrow(internal)
  sealer.finish()
  expect(() => sealer.push(noise)).toThrow(internal)
  expect(() => sealer.finish()).toThrow(internal)
})

test('sealing is rehearsed and opens again', () => {
  expect(rehearseSealing).not.toThrow()
})
