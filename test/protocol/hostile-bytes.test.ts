import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Failure } from '../../src/platform/failure.ts'
import { claimedAgent, verifyAccessToken } from '../../src/protocol/access-token.ts'
import { parseJoinCode } from '../../src/protocol/join-code.ts'
import { verifyKeyList } from '../../src/protocol/key-list.ts'
import { verifyManifest } from '../../src/protocol/manifest.ts'
import { parsePackHeader } from '../../src/protocol/pack.ts'
import { verifyReceipt } from '../../src/protocol/receipt.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { parseEnvelope, parseTrailer, TRAILER_BYTES } from '../../src/protocol/spool-file.ts'
import { vectorBytes, vectorJson } from '../support/instances/vector.ts'
import { propertyRuns } from '../support/property-runs.ts'

const key = newSigningKey()
const jwsVector = (name: string): Buffer => Buffer.from((vectorJson(name) as { jws: string }).jws)

/** Every reader of what came from elsewhere, and a good example to start changes from. */
const READERS: Readonly<Record<string, [read: (bytes: Buffer) => unknown, good: Buffer]>> = {
  envelope: [parseEnvelope, vectorBytes('spool-file.bin').subarray(0, 600)],
  trailer: [
    (bytes) => parseTrailer(bytes, bytes.length),
    vectorBytes('spool-file.bin').subarray(-TRAILER_BYTES),
  ],
  'pack header': [parsePackHeader, vectorBytes('pack.bin').subarray(0, 600)],
  manifest: [(bytes) => verifyManifest(bytes.toString('latin1'), [key]), jwsVector('manifest.json')],
  receipt: [(bytes) => verifyReceipt(bytes.toString('latin1'), [key]), jwsVector('receipt.json')],
  'access token': [
    (bytes) => verifyAccessToken(bytes.toString('latin1'), key, key.kid, 0),
    Buffer.from((vectorJson('access-token.json') as { token: string }).token),
  ],
  'claimed agent': [(bytes) => claimedAgent(bytes.toString('latin1')), jwsVector('manifest.json')],
  'join code': [
    (bytes) => parseJoinCode(bytes.toString('latin1')),
    Buffer.from((vectorJson('join-code.json') as { text: string }).text),
  ],
  'key list': [
    (bytes) =>
      verifyKeyList({ rootKey: bytes.toString('latin1', 0, 43), jws: bytes.toString('latin1', 43) }, key.kid),
    Buffer.concat([Buffer.from(key.publicKey.toString('base64url')), jwsVector('key-list.json')]),
  ],
}

describe.each(Object.entries(READERS))('reading the %s', (_, row) => {
  const [read, good] = row

  test('random bytes end in a Failure at worst', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        expect(() => endsWell(read, Buffer.from(bytes))).not.toThrow()
      }),
      RUNS,
    )
  })

  test('a good one with some bytes changed, or cut off, ends in a Failure at worst', () => {
    const change = fc.record({ at: fc.nat({ max: good.length - 1 }), to: fc.nat({ max: 255 }) })
    const changes = fc.array(change, { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(changes, fc.nat({ max: good.length }), fc.boolean(), (list, length, isCut) => {
        const bytes = Buffer.from(isCut ? good.subarray(0, length) : good)
        for (const { at, to } of list) if (at < bytes.length) bytes[at] = to
        expect(() => endsWell(read, bytes)).not.toThrow()
      }),
      RUNS,
    )
  })
})

test('the check above notices an error that is not a Failure', () => {
  expect(() => endsWell((bytes) => bytes.readUInt32BE(0), Buffer.alloc(3))).toThrow('no Failure')
})

const RUNS = { numRuns: propertyRuns(1000) }

function endsWell(read: (bytes: Buffer) => unknown, bytes: Buffer): void {
  try {
    read(bytes)
  } catch (error) {
    if (!(error instanceof Failure)) throw new Error('no Failure', { cause: error })
  }
}
