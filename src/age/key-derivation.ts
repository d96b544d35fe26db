import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

/** A fresh 128-bit key for each file; every other key of the file is derived from it. */
export const FILE_KEY_BYTES = 16

const KEY_BYTES = 32

/** HKDF-SHA-256 (RFC 5869) to the 32 bytes that all of age's derived keys have. */
export function deriveKey(material: Buffer, salt: Buffer, info: string): KeyObject {
  // A KeyObject is ten times cheaper to make a cipher from than raw bytes are.
  const input = createSecretKey(material)
  return createSecretKey(Buffer.from(hkdfSync('sha256', input, salt, info, KEY_BYTES)))
}
