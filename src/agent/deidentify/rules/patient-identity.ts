import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { readText } from '../../../dicom/text/text.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'
import { characterSetOf, textAt } from '../element/element-text.ts'
import { foldText } from '../names/fold-text.ts'

/** Placeholders in place of an ID or a name. Two patients who share one remain two. */
const STANDS_FOR_NOBODY =
  /^(?:[0\p{P}\p{S}\s]*|(?:UN|NOT )KNOWN|NONE|NULL|NIL|N\/?A|NO ?(?:ID|NAME)|ANONYM(?:OUS|I[SZ]ED)|未知|无|不详|无名氏)$/u

/**
 * Returns a text that is equal for all data of one patient, and different for other patients: the Patient ID; without
 * one the name and birth date; without those the study, and finally the instance.
 *
 * Spellings that a device may vary are unified: padding, width (NFKC), the character set, letter case and delimiters of
 * a name, the form of a date. The letters of an ID keep their case, and its zeros count.
 */
export function identityOf(head: ElementList): string {
  const characterSet = characterSetOf(head, '')
  const read = (tag: number, vr: string): string => {
    const value = head.find(tag)?.value
    return value === undefined ? '' : spacedOnce(readText(value, characterSet, vr).text)
  }
  const id = read(TAG.PatientID, 'LO').replaceAll(/^[\\ ]+|[\\ ]+$/g, '')
  if (!standsForNobody(id)) return `id\0${id}`
  const name = nameKey(read(TAG.PatientName, 'PN'))
  if (!standsForNobody(name)) return `name\0${name}\0${dateKey(read(TAG.PatientBirthDate, 'DA'))}`
  const study = textAt(head, TAG.StudyInstanceUID)
  return study === '' ? `instance\0${textAt(head, TAG.SOPInstanceUID)}` : `study\0${study}`
}

const spacedOnce = (text: string): string =>
  text
    .normalize('NFKC')
    .replaceAll(/[\s\0]+/g, ' ')
    .trim()

const standsForNobody = (text: string): boolean => STANDS_FOR_NOBODY.test(text.toUpperCase())

/**
 * The ideographic group identifies if there is one, since it distinguishes names that sound alike; otherwise the
 * alphabetic, then the phonetic one. Delimiters at the end mean nothing (PS3.5 §6.2.1.1), and devices write them as
 * spaces or commas.
 */
function nameKey(name: string): string {
  const groups = name.split('=').map((group) => group.replaceAll(/[\s^,]+/g, '^').replaceAll(/^\^|\^$/g, ''))
  const ideographic = groups.find((group) => /\p{Script=Han}/u.test(group))
  if (ideographic !== undefined) return foldText(ideographic.replaceAll(/[\^·・•]/g, '').toUpperCase())
  const first = (groups.find((group) => group !== '') ?? '').toUpperCase()
  // Hangul and kana are written with and without a sign between family and given name, as characters are.
  return /^[\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}^·・ー]+$/u.test(first)
    ? first.replaceAll(/[\^·・]/g, '')
    : first
}

/** A year of two digits from here on belongs to the last century. */
const LAST_CENTURY = 30

/** Returns year, month and day as numbers, read in any order and with any separators; '' if there are none. */
function dateKey(text: string): string {
  if (standsForNobody(text) || /^[0\D]*$/.test(text)) return ''
  const plain = /^(\d{4})(\d{2})(\d{2})(?!\d\D)/.exec(text)
  const yearFirst = /^(\d{4}|\d{2})\D+(\d{1,2})\D+(\d{1,2})(?!\d)/.exec(text)
  const yearLast = /^(\d{1,2})\D+(\d{1,2})\D+(\d{4})(?!\d)/.exec(text)
  const [, year, month, day] = plain ?? yearFirst ?? []
  if (year !== undefined) return [fullYear(year), month, day].map(twoDigits).join('')
  return yearLast === null ? text : yearLast.slice(1).toReversed().map(twoDigits).join('')
}

const twoDigits = (number = ''): string => number.padStart(2, '0')

function fullYear(year: string): string {
  if (year.length === 4) return year
  return `${Number(year) > LAST_CENTURY ? 19 : 20}${year}`
}
