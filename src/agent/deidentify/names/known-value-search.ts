import { readText, writeText, writeTextInAll } from '../../../dicom/text/text.ts'
import { TEXT_VRS } from '../../../dicom/vocabulary/value-representation.ts'
import { withheld } from '../element/withheld.ts'
import { foldText, spellingsOf } from './fold-text.ts'
import type { Gathered } from './gathered.ts'
import { isIdCardNumber } from './id-card-number.ts'
import { RawValueSearch } from './raw-value-search.ts'
import { literally, patternOf, type SearchForm } from './search-form.ts'
import { otherReadings, readWide, unescapedReadings } from './text-readings.ts'

/** Values that identify this patient, to be found wherever else they were written. */
export interface KnownValues {
  /** Returns the value without known values, or the same buffer if none was found. */
  scrub(value: Buffer, characterSet: string, vr: string): Buffer
  /** The same for bytes that are not text, such as compressed frames. */
  readonly raw: RawValueSearch
}

/** A possible identity card number of any person. */
const ID_CARD = /(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dX](?![\dX])/gi
const LONGEST_MARK = 3
const LONGEST_REMEMBERED = 1024
const MOST_REMEMBERED = 1000
/** Minimum length in bytes of a literal that is not found by accident. */
const SHORTEST_LITERAL_BYTES = 4

interface Done {
  readonly vr: string
  readonly characterSet: string
  readonly scrubbed: Buffer | undefined
}

/** Finds one patient's values in every reading of the bytes. */
export class KnownValueSearch implements KnownValues {
  readonly #pattern: RegExp
  readonly #literals: ReadonlySet<string>
  #bytes: readonly Buffer[] | undefined
  /** Results for earlier values: most are the same in all slices. Undefined for values that stay. */
  readonly #done = new Map<string, Done>()

  readonly #gathered: readonly Gathered[]
  #raw: RawValueSearch | undefined

  /** @param gathered the values that the forms are of */
  constructor(forms: readonly SearchForm[], gathered: readonly Gathered[] = []) {
    this.#gathered = gathered
    this.#literals = new Set(forms.flatMap(({ literals = [] }) => literals.flatMap(spellingsOf)))
    this.#pattern = patternOf([...forms, ...Array.from(this.#literals).flatMap(wideForms)])
  }

  get raw(): RawValueSearch {
    return (this.#raw ??= new RawValueSearch(this.#gathered))
  }

  scrub(value: Buffer, characterSet: string, vr: string): Buffer {
    if (value.length === 0) return value
    if (value.length > LONGEST_REMEMBERED) return this.#scrub(value, characterSet, vr) ?? value
    const text = value.toString('latin1')
    const done = this.#done.get(text)
    if (done?.vr === vr && done.characterSet === characterSet) return done.scrubbed ?? value
    const scrubbed = this.#scrub(value, characterSet, vr)
    if (this.#done.size >= MOST_REMEMBERED) this.#done.clear()
    this.#done.set(text, { vr, characterSet, scrubbed })
    return scrubbed ?? value
  }

  /** Returns undefined if nothing was found. */
  #scrub(value: Buffer, characterSet: string, vr: string): Buffer | undefined {
    if (!TEXT_VRS.has(vr) && vr !== 'UN') return this.#isInBinary(value) ? Buffer.alloc(0) : undefined
    const { text, characterSet: readAs } = readText(value, characterSet, vr)
    const whole = Buffer.from(mark(LONGEST_MARK, vr))
    // Escapes that do not belong to the declared character set could be inside a name.
    if (text.includes('\x1b')) return this.#isHidden(value) ? whole : undefined
    const scrubbed = this.#replace(text, vr)
    if (scrubbed === undefined) return this.#isHidden(value) ? whole : undefined
    const written = writeText(scrubbed, readAs)
    return written === undefined || this.#isHidden(written) ? whole : written
  }

  /** Undefined where nothing was found. */
  #replace(text: string, vr: string): string | undefined {
    const composed = isAscii(text) ? text : text.normalize('NFC')
    let folded = foldText(composed)
    const ranges: [start: number, end: number][] = []
    const note = (found: string, start: number): string => {
      ranges.push([start, start + found.length])
      return '\0'.repeat(found.length)
    }
    folded = folded.replaceAll(ID_CARD, (found, start: number) =>
      isIdCardNumber(found.replaceAll(/[ -]/g, '')) ? note(found, start) : found,
    )
    this.#findAll(folded, note)
    if (ranges.length === 0) return undefined
    let [scrubbed, at] = ['', 0]
    for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
      scrubbed += composed.slice(at, start) + mark(end - start, vr)
      at = end
    }
    return scrubbed + composed.slice(at)
  }

  /** The engine compiles a pattern at its first use; its error message would contain the values. */
  #findAll(folded: string, note: (found: string, start: number) => string): void {
    try {
      folded.replaceAll(this.#pattern, note)
    } catch {
      throw withheld('what is known of its patient can be written in more ways than can be searched for')
    }
  }

  /** Searches readings other than the declared one, and bytes that no reading fits. */
  #isHidden(value: Buffer): boolean {
    const plain = value.toString('latin1')
    const isFound = (text: string): boolean => this.#replace(text, '') !== undefined
    if (unescapedReadings(plain).some(isFound)) return true
    if (!/[^ -~]/.test(plain)) return false
    const readings = otherReadings(value)
    if (readings.some(isFound) || readings.flatMap(unescapedReadings).some(isFound)) return true
    return value.some((byte) => byte >= 0x80) && this.#hasLiteral(value)
  }

  #isInBinary(value: Buffer): boolean {
    const readings = [value.toString('latin1'), ...readWide(value)]
    return readings.some((text) => this.#replace(text, '') !== undefined) || this.#hasLiteral(value)
  }

  #hasLiteral(value: Buffer): boolean {
    this.#bytes ??= Array.from(this.#literals)
      .flatMap(writeTextInAll)
      .filter(({ length }) => length >= SHORTEST_LITERAL_BYTES)
    return this.#bytes.some((literal) => value.includes(literal))
  }
}

/**
 * Returns UTF-16 forms whose bytes all look like plain letters, and which are therefore never read as UTF-16
 * (`otherReadings`).
 */
function wideForms(literal: string): SearchForm[] {
  const little = Buffer.from(literal, 'utf16le')
  return [little, Buffer.from(little).swap16()]
    .map((bytes) => bytes.toString('latin1'))
    .filter((text) => /^[ -~]{4,}$/.test(text))
    .map((text) => ({ source: literally(text), apart: 'no' }))
}

const isAscii = (text: string): boolean => /^\p{ASCII}*$/u.test(text)

/** Makes a replacement of characters that the VR allows (PS3.5 §6.2), never longer than the text that it replaces. */
function mark(length: number, vr: string): string {
  return vr === 'CS' || vr === 'AE' ? 'X' : '*'.repeat(Math.min(length, LONGEST_MARK))
}
