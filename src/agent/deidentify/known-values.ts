import { type DataElement, type ElementList, walk } from '../../dicom/data-set-tree.ts'
import type { Tag } from '../../dicom/tag.ts'
import { readText, writeText, writeTextInAll } from '../../dicom/text.ts'
import { vrOf } from './element-text.ts'
import { isIdCardNumber } from './id-card-number.ts'
import { nameForms, type SearchedText } from './name-forms.ts'

/** What is known to identify this patient, to be found again wherever else it was written. */
export interface KnownValues {
  /** The value without them; the same buffer where none was found. */
  scrub(value: Buffer, characterSet: string, vr: string): Buffer
}

/** Numbers that stand for a person or one visit. */
const NUMBERS: ReadonlySet<Tag> = new Set([
  0x0008_0050, // Accession Number
  0x0010_0020, // Patient ID
  0x0010_1000, // Other Patient IDs
  0x0010_2154, // Patient's Telephone Numbers
  0x0038_0010, // Admission ID
  0x0040_2016, // Placer Order Number
  0x0040_2017, // Filler Order Number
])
const [PATIENT_ADDRESS, PATIENT_BIRTH_DATE, PATIENT_TELECOM] = [0x0010_1040, 0x0010_0030, 0x0010_2155]
const SHORTEST_NUMBER = 4
const SHORTEST_PLACE = 4
const TAKEN_OUT = '***'

/** Gathers them from all that stands before the pixel data, before anything is changed. */
export function collectKnownValues(head: ElementList, characterSet: string): KnownValues {
  const searched: SearchedText[] = []
  walk(head, (element) => {
    if (element.items !== undefined || element.value.length === 0) return
    searched.push(...formsOf(element, readText(element.value, characterSet, vrOf(element)).text))
  })
  return new Searched(searched)
}

function formsOf(element: DataElement, text: string): SearchedText[] {
  const { tag } = element
  if (vrOf(element) === 'PN') return nameForms(text)
  if (NUMBERS.has(tag) || tag === PATIENT_TELECOM) return text.split('\\').flatMap(numberForms)
  if (tag === PATIENT_BIRTH_DATE) return dateForms(text)
  if (tag === PATIENT_ADDRESS) return placeForms(text)
  return []
}

function numberForms(number: string): SearchedText[] {
  const bare = number.trim().replaceAll(/^tel:/gi, '')
  const digits = bare.replaceAll(/[\s()-]/g, '')
  return Array.from(new Set([bare, digits]))
    .filter((text) => text.length >= SHORTEST_NUMBER)
    .map((text) => ({ text, isWord: text.length < 8 }))
}

function dateForms(text: string): SearchedText[] {
  const parts = /^(\d{4})(\d{2})(\d{2})$/.exec(text.trim())
  if (parts === null) return []
  const [, year, month = '', day = ''] = parts
  const [shortMonth, shortDay] = [String(Number(month)), String(Number(day))]
  const joined = ['', '-', '/', '.'].flatMap((joint) => [
    [year, month, day].join(joint),
    ...(joint === '' ? [] : [[day, month, year].join(joint), [month, day, year].join(joint)]),
    ...(joint === '' ? [] : [[year, shortMonth, shortDay].join(joint)]),
  ])
  const chinese = [`${year}年${month}月${day}日`, `${year}年${shortMonth}月${shortDay}日`]
  return [
    ...joined.map((form) => ({ text: form, isWord: true })),
    ...chinese.map((form) => ({ text: form, isWord: false })),
  ]
}

function placeForms(text: string): SearchedText[] {
  const parts = text.split(/[\\^,，;；\n]/u).map((part) => part.trim())
  return [text.trim(), ...parts]
    .filter((part) => part.length >= SHORTEST_PLACE)
    .map((part) => ({ text: part, isWord: false }))
}

class Searched implements KnownValues {
  readonly #pattern: RegExp
  /** Longer ones in every encoding, for values that cannot be read as what they declare. */
  readonly #bytes: readonly Buffer[]

  constructor(searched: readonly SearchedText[]) {
    const forms = new Map(searched.map((one) => [one.text.toLowerCase(), one]))
    const longestFirst = Array.from(forms.values()).toSorted((a, b) => b.text.length - a.text.length)
    const sources = longestFirst.map(({ text, isWord }) =>
      isWord ? `(?<![\\p{L}\\p{N}])${RegExp.escape(text)}(?![\\p{L}\\p{N}])` : RegExp.escape(text),
    )
    this.#pattern = new RegExp([...sources, String.raw`\d{17}[\dXx]`].join('|'), 'giu')
    this.#bytes = longestFirst
      .filter(({ text }) => /[^\p{ASCII}]/u.test(text))
      .flatMap(({ text }) => writeTextInAll(text))
  }

  scrub(value: Buffer, characterSet: string, vr: string): Buffer {
    if (value.length === 0) return value
    const read = readText(value, characterSet, vr)
    const scrubbed = this.#replace(read.text, vr)
    if (scrubbed === read.text) return this.#isHidden(value) ? Buffer.from(takenOut(vr)) : value
    const written = writeText(scrubbed, read.characterSet)
    if (written === undefined || this.#isHidden(written)) return Buffer.from(takenOut(vr))
    return written
  }

  #replace(text: string, vr: string): string {
    return text.replaceAll(this.#pattern, (found) =>
      /^\d{17}[\dXx]$/.test(found) && !isIdCardNumber(found) ? found : takenOut(vr),
    )
  }

  #isHidden(value: Buffer): boolean {
    return value.some((byte) => byte >= 0x80) && this.#bytes.some((form) => value.includes(form))
  }
}

/** Characters that the VR allows (PS3.5 §6.2). */
function takenOut(vr: string): string {
  return vr === 'CS' || vr === 'AE' ? 'X' : TAKEN_OUT
}
