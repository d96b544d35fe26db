import { diffieHellman, generateKeyPairSync } from 'node:crypto'
import { Failure } from '../platform/failure.ts'
import { deriveKey, FILE_KEY_BYTES, NONCE_BYTES, openPiece, sealPieces, TAG_BYTES } from './aead.ts'
import { decodeBase64, encodeBase64, type Stanza } from './header.ts'
import {
  exportPublicKey,
  type Identity,
  importPublicKey,
  type Recipient,
  sharedSecret,
  X25519_BYTES,
} from './x25519-keys.ts'

const TYPE = 'X25519'
const INFO = 'age-encryption.org/v1/X25519'
const BODY_BYTES = FILE_KEY_BYTES + TAG_BYTES

/** All zero, and safe: each wrap key encrypts once. */
const wrapNonce = (): Buffer => Buffer.alloc(NONCE_BYTES)

/** Wraps a file key for a recipient, under an ephemeral key of this stanza alone, as the format demands. */
export function wrapFileKey(fileKey: Buffer, recipient: Recipient): Stanza {
  const ephemeral = generateKeyPairSync('x25519')
  const share = exportPublicKey(ephemeral.publicKey)
  const secret = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipient.publicKey })
  const wrapKey = deriveKey(secret, Buffer.concat([share, recipient.publicBytes]), INFO)
  const body = Buffer.concat(sealPieces(wrapKey, wrapNonce(), fileKey))
  return { arguments: [TYPE, encodeBase64(share)], body }
}

/**
 * The file key, from the first stanza that one of the identities opens; undefined if none does. Stanzas of other types
 * are passed over; a malformed X25519 stanza condemns the file even if another one fits (AGE_FORMAT).
 */
export function unwrapFileKey(
  stanzas: readonly Stanza[],
  identities: readonly Identity[],
): Buffer | undefined {
  const wrapped = stanzas.filter((stanza) => stanza.arguments[0] === TYPE).map(parseStanza)
  for (const { share, body } of wrapped) {
    const shareKey = importPublicKey(share)
    for (const { privateKey, recipient } of identities) {
      const secret = sharedSecret(privateKey, shareKey)
      if (secret === undefined) throw malformed('its share is a point of low order')
      const wrapKey = deriveKey(secret, Buffer.concat([share, recipient.publicBytes]), INFO)
      const fileKey = openPiece(wrapKey, wrapNonce(), body)
      if (fileKey !== undefined) return fileKey
    }
  }
  return undefined
}

/** Lengths are checked before anything is decrypted, so that one body can't fit several keys (partitioning oracles). */
function parseStanza({ arguments: words, body }: Stanza): { share: Buffer; body: Buffer } {
  if (words.length !== 2) throw malformed(`${words.length} arguments, where 2 belong`)
  const share = decodeBase64(words[1] ?? '')
  if (share?.length !== X25519_BYTES) throw malformed('its share is not the base64 of 32 bytes')
  if (body.length !== BODY_BYTES)
    throw malformed(`a body of ${body.length} bytes, where ${BODY_BYTES} belong`)
  return { share, body }
}

function malformed(found: string): Failure {
  return new Failure('AGE_FORMAT', `reading an age header: an X25519 stanza is malformed: ${found}`)
}
