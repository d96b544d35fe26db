import type { ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import type { DataElement } from '../../../dicom/edit/data-set-tree.ts'
import type { DataSetToken } from '../../../dicom/read/data-set-token.ts'
import { readText, writeTextInAll } from '../../../dicom/text/text.ts'
import { attributeName } from '../../../dicom/vocabulary/attribute.ts'
import { withheld } from '../element/withheld.ts'
import type { Gathered } from './gathered.ts'

/** Shorter ones occur among coded samples by accident. */
const SHORTEST_BYTES = 6
const LONGEST_BYTES = 256
const LONGEST_NUMBER_BYTES = 8

/**
 * Searches bytes that cannot be read as text for known values, at the speed of a memory search: the values as in the
 * data set, parts of names, dates with separators; in either case and in every encoding.
 */
export class RawValueSearch {
  readonly #wanted: readonly Buffer[]

  constructor(gathered: readonly Gathered[]) {
    const texts = new Set(gathered.flatMap(textsOf))
    const wanted = Array.from(texts)
      .flatMap((text) => writeTextInAll(text))
      .concat(gathered.map(({ value }) => trimmed(value)))
      .filter(({ length }) => length >= SHORTEST_BYTES && length <= LONGEST_BYTES)
    this.#wanted = Array.from(new Map(wanted.map((one) => [one.toString('latin1'), one])).values())
  }

  isIn(bytes: Buffer): boolean {
    return this.#wanted.some((one) => bytes.includes(one))
  }

  /** Throws DEID_WITHHELD if a value of numbers or bytes contains text of the patient. */
  checkNumbers({ tag, value }: DataElement): void {
    if (value.length > LONGEST_NUMBER_BYTES && looksLikeText(value) && this.isIn(value))
      throw withheld(`${attributeName(tag)} holds its patient as text among numbers`)
  }
}

/**
 * Passes a large value, changed by another transform or not, and throws DEID_WITHHELD if it contains a known value:
 * text in a place without text in valid frames, such as an overlong table or the gap between two segments.
 */
export class WatchedValue implements ValueTransform {
  readonly #change: ValueTransform | undefined
  readonly #search: RawValueSearch
  #last: Buffer = Buffer.alloc(0)

  constructor(change: ValueTransform | undefined, search: RawValueSearch) {
    this.#change = change
    this.#search = search
  }

  push(token: DataSetToken): Buffer[] {
    const out = this.#change?.push(token) ?? [token.bytes]
    if (token.kind !== 'value') return out
    for (const piece of out) {
      const joined = Buffer.concat([this.#last, piece])
      if (this.#search.isIn(joined)) throw withheld('its pixel data holds its patient as text')
      this.#last = Buffer.from(joined.subarray(Math.max(0, joined.length - LONGEST_BYTES)))
    }
    return out
  }
}

function textsOf({ value, characterSet, vr }: Gathered): string[] {
  const { text } = readText(value, characterSet, vr)
  const values = [text, ...text.split('\\')]
  const parts = vr === 'PN' ? values.flatMap(partsOfName) : []
  const dates = values.flatMap((one) => {
    const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(one.trim()) ?? []
    return day === undefined ? [] : ['-', '.', '/', ':'].map((sign) => [year, month, day].join(sign))
  })
  return [...values, ...parts, ...dates].flatMap((one) => {
    const plain = one.trim()
    return plain === '' ? [] : [plain, plain.toUpperCase(), plain.toLowerCase()]
  })
}

/** Component groups, components, and both in the ways in which they are put together. */
function partsOfName(name: string): string[] {
  return name.split('=').flatMap((group) => {
    const components = group.split('^').filter((component) => component !== '')
    const pairs = [components, components.toReversed()].flatMap((order) =>
      ['^', ' ', '', '_', ', ', ','].map((joint) => order.join(joint)),
    )
    return [group, ...components, ...pairs]
  })
}

/**
 * Returns true if the value has a run without control characters that is at least as long as the shortest known value.
 */
function looksLikeText(value: Buffer): boolean {
  let run = 0
  for (let i = 0; i < value.length; i++) {
    run = (value[i] ?? 0) < 0x20 ? 0 : run + 1
    if (run >= SHORTEST_BYTES) return true
  }
  return false
}

function trimmed(value: Buffer): Buffer {
  let end = value.length
  while (end > 0 && (value[end - 1] === 0 || value[end - 1] === 0x20)) end--
  return value.subarray(0, end)
}
