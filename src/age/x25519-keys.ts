import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from 'node:crypto'
import { Failure } from '../platform/failure.ts'
import { decodeBech32, encodeBech32 } from './bech32.ts'

export const X25519_BYTES = 32

const RECIPIENT_PREFIX = 'age'
const IDENTITY_PREFIX = 'age-secret-key-'

/** A PKCS #8 private key is these bytes and then the 32 of the X25519 scalar (RFC 8410 §7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')

/** The product of a point of low order and any private key is zero, so one that is known to all can look for them. */
const ANY_PRIVATE_KEY = privateKeyOf(Buffer.alloc(X25519_BYTES, 1))

/** A key that files can be sealed to: an X25519 public key that has passed {@link parseRecipient}. */
export interface Recipient {
  /** The form that people pass on: `age1…`. */
  readonly text: string
  readonly publicKey: KeyObject
  readonly publicBytes: Buffer
}

/** Who can open what was sealed to its recipient. The secret stays inside the key object: this may be logged unharmed. */
export interface Identity {
  readonly recipient: Recipient
  readonly privateKey: KeyObject
}

/** A new key pair as text; `identity` is the secret, for a key file and nothing else. */
export function generateIdentity(): { identity: string; recipient: string } {
  const identity = encodeBech32(IDENTITY_PREFIX, randomBytes(X25519_BYTES)).toUpperCase()
  return { identity, recipient: parseIdentity(identity).recipient.text }
}

/** Reads `age1…`. Throws AGE_KEY_INVALID for any other text, and for a point of low order, which would hide nothing. */
export function parseRecipient(text: string): Recipient {
  const publicBytes = decodeBech32(RECIPIENT_PREFIX, text)
  if (publicBytes?.length !== X25519_BYTES) {
    throw new Failure('AGE_KEY_INVALID', `reading an age recipient: ${JSON.stringify(text)} is not one`)
  }
  const publicKey = importPublicKey(publicBytes)
  if (sharedSecret(ANY_PRIVATE_KEY, publicKey) === undefined) {
    throw new Failure('AGE_KEY_INVALID', `reading an age recipient: ${text} is a point of low order`)
  }
  return Object.freeze({ text: text.toLowerCase(), publicKey, publicBytes })
}

/** Reads `AGE-SECRET-KEY-1…`. Throws AGE_KEY_INVALID for any other text, without repeating it. */
export function parseIdentity(text: string): Identity {
  const secret = decodeBech32(IDENTITY_PREFIX, text)
  if (secret?.length !== X25519_BYTES) {
    throw new Failure('AGE_KEY_INVALID', 'reading an age identity: the text is not an AGE-SECRET-KEY-1 key')
  }
  const privateKey = privateKeyOf(secret)
  const publicBytes = exportPublicKey(createPublicKey(privateKey))
  return Object.freeze({
    recipient: parseRecipient(encodeBech32(RECIPIENT_PREFIX, publicBytes)),
    privateKey,
  })
}

function privateKeyOf(secret: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, secret]), format: 'der', type: 'pkcs8' })
}

/** The public half, to seal to. */
export function recipientOf(identity: Identity): Recipient {
  return identity.recipient
}

/** Imports the 32 bytes of a public key as a recipient or a stanza contains them. */
export function importPublicKey(bytes: Buffer): KeyObject {
  const jwk = { kty: 'OKP', crv: 'X25519', x: bytes.toString('base64url') }
  return createPublicKey({ key: jwk, format: 'jwk' })
}

/** The 32 bytes of a public key; by way of JWK, because a DER export takes forty times as long. */
export function exportPublicKey(key: KeyObject): Buffer {
  return Buffer.from(String(key.export({ format: 'jwk' }).x), 'base64url')
}

/** X25519 (RFC 7748 §6.1). Returns undefined if the result would be all zero, which OpenSSL refuses to hand out. */
export function sharedSecret(privateKey: KeyObject, publicKey: KeyObject): Buffer | undefined {
  try {
    return diffieHellman({ privateKey, publicKey })
  } catch {
    return undefined
  }
}
