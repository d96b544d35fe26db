import type { DataElement } from '../../../dicom/edit/data-set-tree.ts'
import { attributeOf, isPrivate } from '../../../dicom/vocabulary/attribute.ts'
import { TEXT_VRS } from '../../../dicom/vocabulary/value-representation.ts'
import { plainText } from '../element/element-text.ts'

/** VRs of numbers, dates and UIDs in text. */
export const NUMBERS_IN_TEXT: ReadonlySet<string> = new Set(['AS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI'])
const TEXT_BY_NAME: ReadonlySet<string> = new Set([...TEXT_VRS, ...NUMBERS_IN_TEXT])
/** 1 for each byte that numbers, dates, times, ages and UIDs consist of, including signs and padding. */
const OF_NUMBERS = new Uint8Array(0x100)
for (const byte of Buffer.from('0123456789+-.:eE\\ \0DWMY\t\r\n')) OF_NUMBERS[byte] = 1
const OF_DIGITS = new Uint8Array(0x100)
for (const byte of Buffer.from('0123456789 ')) OF_DIGITS[byte] = 1

/**
 * Returns true for a value that is not text by its VR, but may be text: a measure of seven or more digits, which may be
 * an ID or a telephone number; letters in place of numbers; a value that is text by PS3.6, or has another VR there than
 * the device wrote.
 */
export function mayNameSomebody(element: DataElement, vr: string): boolean {
  const { tag, value } = element
  if (TEXT_VRS.has(vr) || isPrivate(tag)) return false
  const byName = attributeOf(tag)?.vrs[0] ?? ''
  if (!NUMBERS_IN_TEXT.has(vr)) return TEXT_BY_NAME.has(byName)
  if (byName !== vr || saysNoNumber(element)) return true
  const isLong = (vr === 'IS' || vr === 'DS') && value.length >= 7 && isAllOf(OF_DIGITS, value)
  return isLong && /^\s*\d{7,}\s*$/.test(plainText(element))
}

/** Returns true if the value has letters or signs in place of a number, date or time. */
export const saysNoNumber = ({ value }: DataElement): boolean => !isAllOf(OF_NUMBERS, value)

function isAllOf(bytes: Uint8Array, value: Buffer): boolean {
  for (let i = 0; i < value.length; i++) if (bytes[value[i] ?? 0] === 0) return false
  return true
}
