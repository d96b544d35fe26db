import type { DataSetToken, ElementToken } from '../read/data-set-token.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { trimUid } from '../vocabulary/uid.ts'

/** The UIDs that route an instance. Padding is removed, nothing is checked; absent if the element is absent, empty or out of reach. */
export interface Identifiers {
  sopClassUid?: string
  sopInstanceUid?: string
  studyInstanceUid?: string
  seriesInstanceUid?: string
  modality?: string
}

type Field = keyof Identifiers

const FIELDS: ReadonlyMap<Tag, Field> = new Map<Tag, Field>([
  [TAG.SOPClassUID, 'sopClassUid'],
  [TAG.SOPInstanceUID, 'sopInstanceUid'],
  [TAG.Modality, 'modality'],
  [TAG.StudyInstanceUID, 'studyInstanceUid'],
  [TAG.SeriesInstanceUID, 'seriesInstanceUid'],
])
const NEEDED: readonly Field[] = ['sopClassUid', 'sopInstanceUid', 'studyInstanceUid', 'seriesInstanceUid']
/** Twice as long as a UID may be (PS3.5 §9.1): a longer value is not a UID. */
const VALUE_LIMIT_BYTES = 128
const PIXEL_DATA_GROUP = 0x7fe0

/**
 * Picks the identifiers of a data set from its tokens, until an element follows all four UIDs or the pixel data comes. The
 * element that follows shows that the last of them was not cut short.
 */
export class IdentifierSearch {
  readonly found: Identifiers = {}
  /** An identifier that is invalid, in words and without any value. */
  problem: string | undefined
  #value: { field: Field; text: string } | undefined
  #isOver = false

  /** True if the search has ended. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** True if all four UIDs are found. */
  get hasAll(): boolean {
    return NEEDED.every((field) => this.found[field] !== undefined)
  }

  end(): void {
    this.#isOver = true
  }

  /** Drops the result of the element with this tag: its value was only a part of what the device wrote. */
  forget(tag: Tag): void {
    const field = FIELDS.get(tag)
    if (field !== undefined) delete this.found[field]
  }

  take(token: DataSetToken): void {
    if (this.#isOver) return
    if (token.kind === 'element') this.#takeElement(token)
    else if (token.kind === 'value' && this.#value !== undefined) {
      this.#value.text += token.bytes.toString('latin1')
      if (token.last) this.#keep(this.#value.field, this.#value.text)
    }
  }

  #takeElement({ tag, depth, holds, length }: ElementToken): void {
    if (depth > 0) return
    if (tag >>> 16 === PIXEL_DATA_GROUP) return this.end()
    if (tag > TAG.SeriesInstanceUID && this.hasAll) return this.end()
    const field = FIELDS.get(tag)
    if (field === undefined || holds !== 'value' || this.found[field] !== undefined) return
    if (length > VALUE_LIMIT_BYTES) this.problem ??= `a value of ${length} bytes for ${field}`
    else this.#value = { field, text: '' }
  }

  #keep(field: Field, text: string): void {
    this.#value = undefined
    const value = trimUid(text)
    if (value !== '') this.found[field] = value
  }
}
