import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compactVerify } from 'jose'
import nacl from 'tweetnacl'
import { signJws, verifyJws } from '../../src/protocol/jws.ts'
import { type KeyList, receiptKeys, signKeyList, verifyKeyList } from '../../src/protocol/key-list.ts'
import {
  fingerprint,
  newSigningKey,
  seedOf,
  signingKeyFromSeed,
  verifyKeyFromText,
  verifyKeyOf,
} from '../../src/protocol/signing-key.ts'
import { propertyRuns } from '../support/property-runs.ts'

/** tweetnacl is the second opinion: it signs as RFC 8032 says, and verifies less strictly. */
const runs = { numRuns: propertyRuns(100) }
const failure = (code: string) => expect.objectContaining({ code })
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n

test('a signature is, byte for byte, the one that another implementation makes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.string(), (seed, text) => {
      const key = signingKeyFromSeed(seed)
      const [signed, signature] = parts(signJws('JWT', { text }, key))
      const { secretKey } = nacl.sign.keyPair.fromSeed(seedOf(key))
      expect(Buffer.from(nacl.sign.detached(signed, secretKey)).equals(signature)).toBe(true)
    }),
    runs,
  )
})

test('for honest statements, and for such with one bit changed, the verdict is that of another implementation', () => {
  const key = newSigningKey()
  const ours = (jws: string): boolean => {
    try {
      verifyJws('JWT', jws, [key])
      return true
    } catch {
      return false
    }
  }
  fc.assert(
    fc.property(fc.string(), fc.nat({ max: 511 }), (text, bit) => {
      const jws = signJws('JWT', { text }, key)
      const [signed, signature] = parts(jws)
      expect(ours(jws)).toBe(nacl.sign.detached.verify(signed, signature, key.publicKey))
      const changed = Buffer.from(signature)
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const isTaken = nacl.sign.detached.verify(signed, changed, key.publicKey)
      expect(ours(withSignature(jws, changed))).toBe(isTaken)
    }),
    runs,
  )
})

test('a signature with the group order added to S is refused, so that a statement has one digest', async () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const key = newSigningKey()
      const jws = signJws('JWT', { text }, key)
      const [signed, twin] = parts(twinOf(jws))
      // Negative control: an implementation without the check takes it.
      expect(nacl.sign.detached.verify(signed, twin, key.publicKey)).toBe(true)
      expect(() => verifyJws('JWT', twinOf(jws), [key])).toThrow('the signature does not hold')
      expect(verifyJws('JWT', jws, [key])).toBe(JSON.stringify({ text }))
    }),
    { numRuns: propertyRuns(20) },
  )
  const key = newSigningKey()
  await expect(compactVerify(twinOf(signJws('JWT', {}, key)), key.verifier)).rejects.toThrow('signature')
})

describe('a public key that does not bind its owner is not taken', () => {
  test('under a key of small order a forged signature holds for any statement, so no such key is taken', () => {
    const identity = littleEndian(1n)
    const forged = Buffer.concat([identity, Buffer.alloc(32)])
    for (const statement of ['one', 'another']) {
      expect(nacl.sign.detached.verify(Buffer.from(statement), forged, identity)).toBe(true)
    }
    expect(() => verifyKeyOf(identity)).toThrow(failure('SIGNATURE_INVALID'))
  })

  test.each(weakKeys())('a weak public key is not taken: %s', (_, publicKey) => {
    const text = publicKey.toString('base64url')
    expect(() => verifyKeyOf(publicKey)).toThrow(failure('SIGNATURE_INVALID'))
    expect(() => verifyKeyFromText(text)).toThrow(failure('SIGNATURE_INVALID'))
    expect(() => receiptKeys({ ...list(), sign: [text] })).toThrow(failure('SIGNATURE_INVALID'))
    const signed = { ...signKeyList(list(), newSigningKey()), rootKey: text }
    expect(() => verifyKeyList(signed, fingerprint(publicKey))).toThrow(failure('SIGNATURE_INVALID'))
  })

  test('a key in another spelling of the same bytes is refused, and in its own it is taken', () => {
    const text = newSigningKey().publicKey.toString('base64url')
    expect(verifyKeyFromText(text).publicKey.toString('base64url')).toBe(text)
    expect(() => verifyKeyFromText(`${text}=`)).toThrow('canonical base64url')
    const last = text.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const otherLast = alphabet[alphabet.indexOf(last) + 1] ?? ''
    expect(Buffer.from(text.slice(0, -1) + otherLast, 'base64url')).toEqual(Buffer.from(text, 'base64url'))
    expect(() => verifyKeyFromText(text.slice(0, -1) + otherLast)).toThrow('canonical base64url')
  })

  test('every key pair that is made is taken', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
        const { publicKey } = signingKeyFromSeed(seed)
        expect(verifyKeyOf(publicKey).kid).toBe(fingerprint(publicKey))
      }),
      runs,
    )
  })
})

/** Each point of small order in each spelling, numbers beyond the field, and bytes that are not a point. */
function weakKeys(): [name: string, publicKey: Buffer][] {
  const p = 2n ** 255n - 19n
  const order8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n
  const small = { one: 1n, 'minus one': p - 1n, zero: 0n, 'order 8': order8, 'order 8, negated': p - order8 }
  const beyond = { p, 'p + 1': p + 1n, 'p + 3, a point otherwise': p + 3n, 'the largest': 2n ** 255n - 1n }
  return [
    ...Object.entries({ ...small, ...beyond, 'y = 2, which is on no point': 2n }).flatMap(
      ([name, y]) =>
        [
          [name, littleEndian(y)],
          [`${name} with the sign bit`, littleEndian(y | (1n << 255n))],
        ] as [string, Buffer][],
    ),
    ['31 bytes', Buffer.alloc(31, 9)],
    ['33 bytes', Buffer.alloc(33, 9)],
  ]
}

function list(): KeyList {
  const { kid, publicKey } = newSigningKey()
  return {
    format: 'ferry-keys/1',
    center: kid,
    centerName: 'Test center',
    version: 1,
    issuedAt: '2026-01-02T03:04:05.678Z',
    seal: [{ recipient: 'age1', role: 'center' }],
    sign: [publicKey.toString('base64url')],
    tlsPins: ['A'.repeat(43)],
  }
}

function parts(jws: string): [signed: Buffer, signature: Buffer] {
  const at = jws.lastIndexOf('.')
  return [Buffer.from(jws.slice(0, at)), Buffer.from(jws.slice(at + 1), 'base64url')]
}

const withSignature = (jws: string, signature: Buffer): string =>
  jws.slice(0, jws.lastIndexOf('.') + 1) + signature.toString('base64url')

/** The same statement with S + L for S. */
function twinOf(jws: string): string {
  const [, signature] = parts(jws)
  const s = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString('hex')}`)
  return withSignature(jws, Buffer.concat([signature.subarray(0, 32), littleEndian(s + ORDER)]))
}

function littleEndian(value: bigint): Buffer {
  return Buffer.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex').toReversed())
}
