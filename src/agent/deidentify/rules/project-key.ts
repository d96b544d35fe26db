import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { remembering } from '../../../dicom/vocabulary/remembering.ts'
import { Failure } from '../../../platform/failure.ts'

const KEY_BYTES = 32
const KEPT = 10_000
/** A shift is between one day and ten years, always into the past, so that no date is in the future. */
const LONGEST_SHIFT_DAYS = 3650
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/**
 * Makes all replacements of identity, by HMAC-SHA-256 from a project's key: the same original gives the same
 * replacement in every study, after every restart and on every machine that has the key, and cannot be recovered
 * without the key. The kind of value is part of the HMAC, so that an ID that looks like a UID reveals nothing. A person
 * is identified by the mark of their identity.
 */
export class ProjectKey {
  readonly #key: KeyObject
  /** The slices of a study share nearly all requests. */
  readonly #uid = remembering(KEPT, (original: string) => {
    return `2.25.${BigInt(`0x${this.#hmac('uid', original).toString('hex', 0, 16)}`)}`
  })
  readonly #pseudonyms = remembering(KEPT, (kind: string) =>
    remembering(KEPT, (original: string) => {
      const bytes = this.#hmac(kind, original).subarray(0, 16)
      return Array.from(bytes, (byte) => CROCKFORD[byte & 31]).join('')
    }),
  )
  readonly #dayShift = remembering(KEPT, (person: string) => {
    return 1 + (this.#hmac('dates', person).readUInt32BE(0) % LONGEST_SHIFT_DAYS)
  })
  readonly #marks = remembering(KEPT, (text: string) => this.#hmac('mark', text).toString('hex', 0, 16))

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

  /** Returns a UID under 2.25 (PS3.5 §B.2); always valid, at most 44 characters. */
  uid(original: string): string {
    return this.#uid(original)
  }

  /** Returns 16 unambiguous letters and digits; 80 bits. */
  pseudonym(kind: string, original: string): string {
    return this.#pseudonyms(kind)(original)
  }

  /**
   * Returns the number of days by which the dates of a person are moved back; equal for all of them, so that intervals
   * stay.
   */
  dayShift(person: string): number {
    return this.#dayShift(person)
  }

  /** Returns 128 bits in hex that represent a text; a guess at the text cannot be tested without the key. */
  mark(text: string): string {
    return this.#marks(text)
  }

  /**
   * Returns the key of one group of profiles. Replacements of two groups for the same patient cannot be linked, and the
   * holder of one of these keys has neither the others nor the project's.
   */
  ofGroup(name: string): ProjectKey {
    return new ProjectKey(this.#hmac('key group', name))
  }

  #hmac(kind: string, original: string): Buffer {
    return createHmac('sha256', this.#key).update(`${kind}\0${original}`, 'utf8').digest()
  }
}
