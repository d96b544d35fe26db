import { sign } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { signJws, verifyJws } from '../../src/protocol/jws.ts'
import { type KeyList, receiptKeys, signKeyList, verifyKeyList } from '../../src/protocol/key-list.ts'
import { type Manifest, signManifest, verifyManifest } from '../../src/protocol/manifest.ts'
import { signReceipt, verifyReceipt } from '../../src/protocol/receipt.ts'
import {
  newSigningKey,
  seedOf,
  shortFingerprint,
  signingKeyFromSeed,
  verifyKeyOf,
} from '../../src/protocol/signing-key.ts'
import { parseUlid } from '../../src/protocol/ulid.ts'

const key = newSigningKey()
const digest = '01'.repeat(32)
const instance = {
  ulid: parseUlid('01KDYAWY2EV00000000000000V'),
  sopInstanceUid: '1.2.3.4',
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  dataSetBytes: 1000,
  dataSetSha256: digest,
  sealedBytes: 1300,
  sealedSha256: digest,
}
const manifest: Manifest = {
  format: 'ferry-manifest/3',
  suite: 1,
  agent: key.kid,
  study: '1.2.3',
  version: 1,
  part: 1,
  parts: 1,
  previous: null,
  createdAt: '2026-01-02T03:04:05.678Z',
  heldCount: 0,
  instances: [instance],
}
const list: KeyList = {
  format: 'ferry-keys/1',
  center: key.kid,
  centerName: 'Test center',
  version: 1,
  issuedAt: '2026-01-02T03:04:05.678Z',
  seal: [{ recipient: 'age1', role: 'center' }],
  sign: [key.publicKey.toString('base64url')],
  tlsPins: ['A'.repeat(43)],
}
const failure = (code: string) => expect.objectContaining({ code })

test('a manifest is never taken for a receipt, even where one key signed both', () => {
  const { jws } = signManifest(manifest, key)
  expect(verifyManifest(jws, [key])).toEqual(manifest)
  expect(() => verifyReceipt(jws, [key])).toThrow('its type is ferry-manifest, expected ferry-receipt')
  const receipt = signReceipt(
    {
      format: 'ferry-receipt/3',
      suite: 1,
      center: key.kid,
      agent: key.kid,
      study: '1.2.3',
      version: 1,
      part: 1,
      parts: 1,
      manifest: digest,
      receiptedAt: manifest.createdAt,
      counter: 1,
      previous: null,
      instances: [{ ...instance, pacs: 'none' }],
    },
    key,
  )
  expect(() => verifyManifest(receipt, [key])).toThrow(failure('SIGNATURE_INVALID'))
})

test('a statement by a key that is not trusted here is refused', () => {
  const { jws } = signManifest(manifest, key)
  expect(() => verifyManifest(jws, [newSigningKey()])).toThrow(failure('SIGNATURE_INVALID'))
  expect(() => verifyManifest(jws, [])).toThrow(failure('SIGNATURE_INVALID'))
})

test('a key that borrows the name of a trusted one is found out', () => {
  const thief = { ...newSigningKey(), kid: key.kid }
  expect(() => verifyManifest(signManifest(manifest, thief).jws, [key])).toThrow(
    'the signature does not hold',
  )
})

test('another algorithm, none at all, or a header that says more than it may is refused', () => {
  const [, payload = ''] = signManifest(manifest, key).jws.split('.')
  const signed = (header: object): string => {
    const start = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}`
    return `${start}.${sign(null, Buffer.from(start), key.signer).toString('base64url')}`
  }
  const header = { alg: 'EdDSA', kid: key.kid, typ: 'ferry-manifest' }
  expect(verifyManifest(signed(header), [key])).toEqual(manifest)
  for (const change of [
    { alg: 'none' },
    { alg: 'HS256' },
    { jwk: {} },
    { crit: ['exp'] },
    { kid: undefined },
  ]) {
    expect(() => verifyManifest(signed({ ...header, ...change }), [key])).toThrow(
      failure('SIGNATURE_INVALID'),
    )
  }
})

test('a statement without its signature is refused', () => {
  const [header, payload] = signManifest(manifest, key).jws.split('.')
  for (const jws of [`${header}.${payload}.`, `${header}.${payload}`, `${header}.${payload}..`, '..', '']) {
    expect(() => verifyManifest(jws, [key])).toThrow(failure('SIGNATURE_INVALID'))
  }
})

test('a well signed manifest of the wrong shape is a bad manifest, not a bad signature', () => {
  for (const change of [
    { format: 'ferry-manifest/1' },
    { part: 2 },
    { suite: 2 },
    { instances: [] },
    { version: 0 },
    { extra: 1 },
  ]) {
    const jws = signJws('ferry-manifest', { ...manifest, ...change }, key)
    expect(() => verifyManifest(jws, [key])).toThrow(failure('MANIFEST_INVALID'))
  }
})

test('a key list counts only under the root key whose fingerprint is pinned', () => {
  const signed = signKeyList(list, key)
  expect(verifyKeyList(signed, key.kid)).toEqual(list)
  expect(receiptKeys(list)).toEqual([verifyKeyOf(key.publicKey)])
  expect(() => verifyKeyList(signed, newSigningKey().kid)).toThrow(failure('SIGNATURE_INVALID'))
})

test('a key list that comes with the right root key and another signature is refused', () => {
  const forged = { ...signKeyList(list, newSigningKey()), rootKey: key.publicKey.toString('base64url') }
  expect(() => verifyKeyList(forged, key.kid)).toThrow(failure('SIGNATURE_INVALID'))
  expect(() => verifyKeyList({ ...forged, rootKey: 'AAAA' }, key.kid)).toThrow('3 bytes, not 32')
})

test('a signing key comes back from its seed, and its fingerprint can be read over the phone', () => {
  expect(signingKeyFromSeed(seedOf(key))).toEqual(key)
  expect(() => signingKeyFromSeed(Buffer.alloc(31))).toThrow(failure('KEY_FILE_INVALID'))
  expect(shortFingerprint('1a2b3c4d5e6f7a8b9c0d1111')).toBe('1a2b-3c4d-5e6f-7a8b-9c0d')
  expect(verifyJws('JWT', signJws('JWT', { a: 1 }, key), [key])).toBe('{"a":1}')
})
