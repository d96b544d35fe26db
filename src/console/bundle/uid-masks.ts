import { createHmac, randomBytes } from 'node:crypto'

/** UIDs of the standard say nothing about a patient (PS3.6, Annex A). */
const STANDARD = '1.2.840.10008.'
/** Five components or more, since an IPv4 address has four; or a UUID as a UID (PS3.5 §B.2). */
const UID = /(?<![\w.])(?:2\.25\.\d{6,}|[0-2](?:\.\d+){4,})/g
/** Fields that hold a UID whatever its form: a device may put a name there. */
const UID_FIELD = /uids?$/i
/** Names a make and version of software. */
const OF_SOFTWARE = 'implementationClassUid'

/**
 * Replaces UIDs by short digests under a salt that is forgotten after one bundle. A UID names an image in the PACS, so
 * it would lead to the patient; with the digest one can still see which lines belong together.
 */
export class UidMasks {
  readonly #salt = randomBytes(32)

  /** Replaces the UIDs in all texts of a value; a new value is returned. */
  inValue(value: unknown, field = ''): unknown {
    if (typeof value === 'string') return this.#text(value, field)
    if (Array.isArray(value)) return value.map((one: unknown) => this.inValue(one, field))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.inValue(one, name)]))
  }

  inText(text: string): string {
    return text.replace(UID, (uid) => (uid.startsWith(STANDARD) ? uid : this.#mask(uid)))
  }

  #text(text: string, field: string): string {
    const isUid = UID_FIELD.test(field) && field !== OF_SOFTWARE && !text.startsWith(STANDARD) && text !== ''
    return isUid ? this.#mask(text) : this.inText(text)
  }

  #mask(uid: string): string {
    return `uid:${createHmac('sha256', this.#salt).update(uid).digest('hex').slice(0, 10)}`
  }
}
