import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { remembering } from '../../dicom/remembering.ts'
import { Failure } from '../../platform/failure.ts'

const KEY_BYTES = 32
const KEPT = 10_000
/** A shift is between one day and ten years, always into the past, so that no date lies in the future. */
const LONGEST_SHIFT_DAYS = 3650
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * Everything that stands in for identity, made by HMAC-SHA-256 from a project's key: the same original gives the same
 * replacement in every study, restart and machine that has the key, and nobody without it can go back. What kind of value it is goes into the
 * HMAC too, so that an ID that looks like a UID betrays nothing.
 */
export class ProjectKey {
  readonly #key: KeyObject
  /** The slices of a study share nearly all of what is asked for. */
  readonly #uid = remembering(KEPT, (original: string) => {
    return `2.25.${BigInt(`0x${this.#hmac('uid', original).toString('hex', 0, 16)}`)}`
  })
  readonly #pseudonyms = remembering(KEPT, (kind: string) =>
    remembering(KEPT, (original: string) => {
      const bytes = this.#hmac(kind, original).subarray(0, 16)
      return Array.from(bytes, (byte) => CROCKFORD[byte & 31]).join('')
    }),
  )
  readonly #dayShift = remembering(KEPT, (patient: string) => {
    return 1 + (this.#hmac('dates', patient).readUInt32BE(0) % LONGEST_SHIFT_DAYS)
  })

  /** Throws CONFIG_INVALID unless there are exactly 32 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) {
      throw new Failure(
        'CONFIG_INVALID',
        `reading a project key: ${key.length} bytes, where 32 random ones are expected`,
      )
    }
    this.#key = createSecretKey(key)
  }

  /** A UID under 2.25 (PS3.5 §B.2); always valid, at most 44 characters. */
  uid(original: string): string {
    return this.#uid(original)
  }

  /** 16 letters and digits that nobody mistakes for others; 80 bits. */
  pseudonym(kind: string, original: string): string {
    return this.#pseudonyms(kind)(original)
  }

  /** By how many days this patient's dates go back; the same for all of them, so that intervals stay. */
  dayShift(patient: string): number {
    return this.#dayShift(patient)
  }

  /** What a text can be recognized by, and nobody without the key can test a guess against: 128 bits in hex. */
  mark(text: string): string {
    return this.#hmac('mark', text).toString('hex', 0, 16)
  }

  #hmac(kind: string, original: string): Buffer {
    return createHmac('sha256', this.#key).update(`${kind}\0${original}`, 'utf8').digest()
  }
}
