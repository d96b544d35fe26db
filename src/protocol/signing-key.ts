import { createHash } from 'node:crypto'
import nacl from 'tweetnacl'
import { Failure } from '../platform/failure.ts'

/** An Ed25519 key pair (RFC 8032). `kid` names the public half: its SHA-256 in lower-case hex. */
export interface SigningKey {
  readonly kid: string
  readonly publicKey: Buffer
  /** 64 bytes: seed and public key. */
  readonly secretKey: Buffer
}

export interface VerifyKey {
  readonly kid: string
  readonly publicKey: Buffer
}

export function newSigningKey(): SigningKey {
  return signingKeyOf(nacl.sign.keyPair())
}

/** The key pair of a 32-byte seed, as key files keep it. */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== 32)
    throw new Failure('KEY_FILE_INVALID', `reading a signing key: a seed of ${seed.length} bytes, not 32`)
  return signingKeyOf(nacl.sign.keyPair.fromSeed(seed))
}

/** The 32-byte seed, for the key file. */
export function seedOf(key: SigningKey): Buffer {
  return key.secretKey.subarray(0, 32)
}

export function verifyKeyOf(publicKey: Uint8Array): VerifyKey {
  if (publicKey.length !== 32) {
    throw new Failure('SIGNATURE_INVALID', `reading a public key: ${publicKey.length} bytes, not 32`)
  }
  return { kid: fingerprint(publicKey), publicKey: Buffer.from(publicKey) }
}

/** SHA-256 of a public key, lower-case hex: what a join code pins and a register stores. */
export function fingerprint(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex')
}

/** The first 80 bits, in groups that two people can compare over the phone: `1a2b-3c4d-5e6f-7a8b-9c0d`. */
export function shortFingerprint(full: string): string {
  return full.slice(0, 20).replace(/(.{4})(?=.)/g, '$1-')
}

function signingKeyOf(pair: nacl.SignKeyPair): SigningKey {
  return { ...verifyKeyOf(pair.publicKey), secretKey: Buffer.from(pair.secretKey) }
}
