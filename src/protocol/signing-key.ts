import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { Failure } from '../platform/failure.ts'
import { weaknessOf } from './ed25519-point.ts'

/** An Ed25519 public key (RFC 8032) that binds its owner. `kid` identifies it: its SHA-256 in lower-case hex. */
export interface VerifyKey {
  readonly kid: string
  readonly publicKey: Buffer
  /** The same key in the form of node:crypto. */
  readonly verifier: KeyObject
}

/** An Ed25519 key pair. */
export interface SigningKey extends VerifyKey {
  /** 32 bytes, as key files keep it. */
  readonly seed: Buffer
  readonly signer: KeyObject
}

const SEED_BYTES = 32

/** The DER bytes before the 32 bytes of a key: SubjectPublicKeyInfo and PrivateKeyInfo (RFC 8410 §4, §7). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

export function newSigningKey(): SigningKey {
  return signingKeyFromSeed(randomBytes(SEED_BYTES))
}

/** The key pair of a 32-byte seed, as key files keep it. */
export function signingKeyFromSeed(seed: Uint8Array): SigningKey {
  if (seed.length !== SEED_BYTES) {
    const found = `a seed of ${seed.length} bytes, not ${SEED_BYTES}`
    throw new Failure('KEY_FILE_INVALID', `reading a signing key: ${found}`)
  }
  const key = Buffer.concat([PKCS8_PREFIX, seed])
  const signer = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  // JWK, because an export as DER takes forty times as long.
  const publicKey = Buffer.from(String(signer.export({ format: 'jwk' }).x), 'base64url')
  // Not looked at for weakness: it is a multiple of the base point (RFC 8032 §5.1.5).
  return { ...verifierOf(publicKey), seed: Buffer.from(seed), signer }
}

/** The 32-byte seed, for the key file. */
export function seedOf(key: SigningKey): Buffer {
  return key.seed
}

/**
 * Throws SIGNATURE_INVALID for bytes that are not a public key, and for a key under which forged signatures are valid.
 */
export function verifyKeyOf(publicKey: Uint8Array): VerifyKey {
  const weakness = weaknessOf(publicKey)
  if (weakness !== undefined) throw new Failure('SIGNATURE_INVALID', `reading a public key: ${weakness}`)
  return verifierOf(publicKey)
}

function verifierOf(publicKey: Uint8Array): VerifyKey {
  const key = Buffer.concat([SPKI_PREFIX, publicKey])
  return {
    kid: fingerprint(publicKey),
    publicKey: Buffer.from(publicKey),
    verifier: createPublicKey({ key, format: 'der', type: 'spki' }),
  }
}

/**
 * Reads a transmitted public key: base64url in its one spelling (RFC 4648 §3.5). Throws as {@link verifyKeyOf} does.
 */
export function verifyKeyFromText(text: string): VerifyKey {
  const publicKey = Buffer.from(text, 'base64url')
  if (publicKey.toString('base64url') !== text) {
    throw new Failure('SIGNATURE_INVALID', 'reading a public key: it is not spelled in canonical base64url')
  }
  return verifyKeyOf(publicKey)
}

/** SHA-256 of a public key, lower-case hex: what a join code pins and a register stores. */
export function fingerprint(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex')
}

/** The first 80 bits, in groups that two people can compare over the phone: `1a2b-3c4d-5e6f-7a8b-9c0d`. */
export function shortFingerprint(full: string): string {
  return full.slice(0, 20).replace(/(.{4})(?=.)/g, '$1-')
}
