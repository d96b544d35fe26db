import type { DataElement, ElementList } from '../../dicom/data-set-tree.ts'
import type { Tag } from '../../dicom/tag.ts'
import { readText } from '../../dicom/text.ts'
import { dateForms } from './date-forms.ts'
import { characterSetOf, vrOf } from './element-text.ts'
import { KnownValueSearch } from './known-value-search.ts'
import type { Gathered, KnownValuesCache } from './known-values-cache.ts'
import { nameForms } from './name-forms.ts'
import { numberForms, phoneForms } from './number-forms.ts'
import { placeForms } from './place-forms.ts'
import type { SearchForm } from './search-form.ts'
import { otherReadings } from './text-readings.ts'

/** What is known to identify this patient, to be found again wherever else it was written. */
export interface KnownValues {
  /** The value without them; the same buffer where none was found. */
  scrub(value: Buffer, characterSet: string, vr: string): Buffer
}

type ToForms = (text: string) => SearchForm[]

/** What stands for a person or one visit. Every PN is a name besides, whosever it is. */
const KNOWN: ReadonlyMap<Tag, ToForms> = new Map([
  [0x0008_0050, numberForms], // Accession Number
  [0x0008_0092, placeForms], // Referring Physician's Address
  [0x0008_0094, phoneForms], // Referring Physician's Telephone Numbers
  [0x0010_0020, numberForms], // Patient ID, also in Other Patient IDs Sequence
  [0x0010_0030, dateForms], // Patient's Birth Date
  [0x0010_1000, numberForms], // Other Patient IDs
  [0x0010_1040, placeForms], // Patient's Address
  [0x0010_1050, numberForms], // Insurance Plan Identification
  [0x0010_1090, numberForms], // Medical Record Locator
  [0x0010_2154, phoneForms], // Patient's Telephone Numbers
  [0x0010_2155, phoneForms], // Patient's Telecom Information
  [0x0038_0010, numberForms], // Admission ID
  [0x0038_0060, numberForms], // Service Episode ID
  [0x0040_1102, placeForms], // Person's Address
  [0x0040_1103, phoneForms], // Person's Telephone Numbers
  [0x0040_1104, phoneForms], // Person's Telecom Information
  [0x0040_2010, phoneForms], // Order Callback Phone Number
  [0x0040_2016, numberForms], // Placer Order Number
  [0x0040_2017, numberForms], // Filler Order Number
])
/** An address is one value, whatever stands in it. */
const WHOLE_VRS: ReadonlySet<string> = new Set(['LT', 'ST', 'UT'])

/**
 * Gathers them from all that stands before the pixel data, before anything is changed. The cache has what was made
 * for the slice before.
 */
export function collectKnownValues(
  head: ElementList,
  characterSet: string,
  cache?: KnownValuesCache,
): KnownValues {
  const gathered: Gathered[] = []
  gather(head, characterSet, gathered)
  const make = (): KnownValues => new KnownValueSearch(gathered.flatMap(formsOf))
  return cache === undefined ? make() : cache.get(gathered, make)
}

function gather(list: ElementList, around: string, into: Gathered[]): void {
  const characterSet = characterSetOf(list, around)
  for (const element of list.elements) {
    if (isKnown(element)) {
      into.push({ tag: element.tag, vr: vrOf(element), value: element.value, characterSet })
    }
    for (const item of element.items ?? []) gather(item.list, characterSet, into)
  }
}

const isKnown = (element: DataElement): boolean =>
  element.items === undefined &&
  element.value.length > 0 &&
  (vrOf(element) === 'PN' || KNOWN.has(element.tag))

function formsOf({ tag, vr, value, characterSet }: Gathered): SearchForm[] {
  const toForms = KNOWN.get(tag) ?? nameForms
  const { text } = readText(value, characterSet, vr)
  const readings = new Set([text, ...otherReadings(value).filter(isLikely)])
  return Array.from(readings).flatMap((reading) =>
    (WHOLE_VRS.has(vr) ? [reading] : reading.split('\\')).flatMap(toForms),
  )
}

/**
 * Wrongly declared bytes are often read without a mistake: what looks like Chinese is searched too, and what looks like Latin
 * letters, those with accents among plain ones.
 */
const isLikely = (text: string): boolean =>
  /^[\p{ASCII}\u3000-\u303f\u4e00-\u9fff·]+$/u.test(text.trim()) ||
  /^(?:\p{ASCII}|(?<![\u0080-\u024f])[\u00c0-\u024f](?![\u0080-\u024f]))+$/u.test(text.trim())
