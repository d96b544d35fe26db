import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../../platform/durable-file.ts'
import { storageFailure } from '../../platform/failure.ts'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** What is sealed is filled up to a multiple of this, so that its length says nothing about a name's. */
const BLOCK_BYTES = 256
const FILE_NAME = /^display-\d{4}\.key$/

/**
 * The agent's own key for what a person recognizes a study by: AES-256-GCM, a random nonce each time. It is a file that
 * only the service's user can read, apart from the database, so that neither is worth anything without the other.
 */
export class DisplayKey {
  readonly #key: Buffer

  private constructor(key: Buffer) {
    this.#key = key
  }

  /**
   * Opens the newest key of the folder, and makes one where there is none. A key file that is damaged is left alone and a
   * new key made beside it: what was sealed with the old one cannot be shown any more, and images go on.
   */
  static async open(folder: string): Promise<DisplayKey> {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const names = readdirSync(folder).filter((name) => FILE_NAME.test(name))
      const newest = names.toSorted().at(-1)
      const key = newest === undefined ? undefined : parseKey(readFileSync(join(folder, newest), 'latin1'))
      if (key !== undefined) return new DisplayKey(key)
      return await DisplayKey.#make(join(folder, nextName(newest)))
    } catch (error) {
      throw storageFailure(error, `opening the display key in ${folder}`)
    }
  }

  static async #make(path: string): Promise<DisplayKey> {
    const key = randomBytes(KEY_BYTES)
    await writeDurably(path, `${key.toString('base64url')}\n`)
    return new DisplayKey(key)
  }

  /** Seals a text for one place: under another `place` it does not open. */
  seal(text: string, place: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(place, 'utf8'))
    const sealed = cipher.update(padded(Buffer.from(text, 'utf8')))
    return Buffer.concat([nonce, sealed, cipher.final(), cipher.getAuthTag()])
  }

  /** Undefined for what another key has sealed, or for another place, or what was changed since. */
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

function parseKey(text: string): Buffer | undefined {
  const key = Buffer.from(text.trim(), 'base64url')
  return key.length === KEY_BYTES ? key : undefined
}

function nextName(newest: string | undefined): string {
  const number = newest === undefined ? 0 : Number(newest.slice('display-'.length, -'.key'.length))
  return `display-${String(number + 1).padStart(4, '0')}.key`
}

/** With spaces: what is sealed is JSON. */
function padded(text: Buffer): Buffer {
  const length = Math.ceil((text.length + 1) / BLOCK_BYTES) * BLOCK_BYTES
  return Buffer.concat([text], length).fill(0x20, text.length)
}
