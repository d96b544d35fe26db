import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

const ALGORITHM = 'chacha20-poly1305'
export const TAG_BYTES = 16
export const NONCE_BYTES = 12

/** ChaCha20-Poly1305 (RFC 8439): the ciphertext, then its tag, in two pieces so that the ciphertext is not copied. */
export function sealPieces(key: KeyObject, nonce: Buffer, plaintext: Buffer): [Buffer, Buffer] {
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  const ciphertext = cipher.update(plaintext)
  cipher.final()
  return [ciphertext, cipher.getAuthTag()]
}

/** The plaintext of ciphertext and tag in one piece; undefined if they are not authentic, or too short to be. */
export function openPiece(key: KeyObject, nonce: Buffer, sealed: Buffer): Buffer | undefined {
  const ciphertextBytes = sealed.length - TAG_BYTES
  if (ciphertextBytes < 0) return undefined
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAuthTag(sealed.subarray(ciphertextBytes))
  const plaintext = decipher.update(sealed.subarray(0, ciphertextBytes))
  try {
    decipher.final()
  } catch {
    return undefined
  }
  return plaintext
}

/** A fresh 128-bit key for each file; every other key of the file is derived from it. */
export const FILE_KEY_BYTES = 16

const KEY_BYTES = 32

/** HKDF-SHA-256 (RFC 5869) to the 32 bytes that all of age's derived keys have. */
export function deriveKey(material: Buffer, salt: Buffer, info: string): KeyObject {
  // A KeyObject is ten times cheaper to make a cipher from than raw bytes are.
  const input = createSecretKey(material)
  return createSecretKey(Buffer.from(hkdfSync('sha256', input, salt, info, KEY_BYTES)))
}
