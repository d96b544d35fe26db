import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
export const DISPLAY_KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Sealed text is padded to a multiple of this, so that its length does not reveal the length of a name. */
const BLOCK_BYTES = 256

/** The key for display attributes, by which a person recognizes a study: AES-256-GCM, a random nonce each time. */
export class DisplayKey {
  readonly #key: Buffer

  /** `key` has {@link DISPLAY_KEY_BYTES}. */
  constructor(key: Buffer) {
    this.#key = key
  }

  /** Seals a text for one place; it cannot be opened for another `place`. */
  seal(text: string, place: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(place, 'utf8'))
    const sealed = cipher.update(padded(Buffer.from(text, 'utf8')))
    return Buffer.concat([nonce, sealed, cipher.final(), cipher.getAuthTag()])
  }

  /** Returns undefined if the text was sealed with another key or for another place, or was changed since. */
  open(sealed: Buffer, place: string): string | undefined {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
    try {
      const nonce = sealed.subarray(0, NONCE_BYTES)
      const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(place, 'utf8')).setAuthTag(sealed.subarray(-TAG_BYTES))
      const opened = [decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]
      return Buffer.concat(opened).toString('utf8').trimEnd()
    } catch {
      return undefined
    }
  }
}

/** Pads with spaces: the sealed text is JSON. */
function padded(text: Buffer): Buffer {
  const length = Math.ceil((text.length + 1) / BLOCK_BYTES) * BLOCK_BYTES
  return Buffer.concat([text], length).fill(0x20, text.length)
}
