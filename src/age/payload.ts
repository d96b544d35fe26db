import type { KeyObject } from 'node:crypto'
import { deriveKey, NONCE_BYTES, openPiece, sealPieces, TAG_BYTES } from './aead.ts'

/** The plaintext of every chunk but the last, which may be shorter. */
export const CHUNK_BYTES = 65_536
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES

/** Length of the nonce between header and chunks: the payload's key differs even under the same file key. */
export const PAYLOAD_NONCE_BYTES = 16

/** Where the low 32 bits of the 11-byte big-endian counter lie; they count to 256 TiB, so the others stay zero. */
const COUNTER_AT = NONCE_BYTES - 5
const LAST_FLAG_AT = NONCE_BYTES - 1

/**
 * The chunks of an age payload in their order: ChaCha20-Poly1305 under a nonce that counts them and flags the last one
 * (STREAM), so that none can be changed, moved, dropped or added unnoticed.
 */
export class Payload {
  readonly #key: KeyObject
  readonly #nonce = Buffer.alloc(NONCE_BYTES)
  #index = 0

  constructor(fileKey: Buffer, nonce: Buffer) {
    this.#key = deriveKey(fileKey, nonce, 'payload')
  }

  /** The chunk's place in the file, counted from 0. */
  get index(): number {
    return this.#index
  }

  /** Seals the next chunk: its ciphertext and its tag. */
  seal(plaintext: Buffer, isLast: boolean): [Buffer, Buffer] {
    const sealed = sealPieces(this.#key, this.#nonceFor(isLast), plaintext)
    this.#index++
    return sealed
  }

  /** The plaintext of the next chunk; undefined, and the place kept, if it isn't authentic there under that flag. */
  open(sealed: Buffer, isLast: boolean): Buffer | undefined {
    const plaintext = openPiece(this.#key, this.#nonceFor(isLast), sealed)
    if (plaintext !== undefined) this.#index++
    return plaintext
  }

  #nonceFor(isLast: boolean): Buffer {
    this.#nonce.writeUInt32BE(this.#index, COUNTER_AT)
    this.#nonce[LAST_FLAG_AT] = isLast ? 1 : 0
    return this.#nonce
  }
}
