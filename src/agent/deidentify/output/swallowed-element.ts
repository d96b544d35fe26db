import { attributeOf } from '../../../dicom/vocabulary/attribute.ts'
import { PIXEL_DATA } from '../../../dicom/vocabulary/pixel-data.ts'
import type { Tag } from '../../../dicom/vocabulary/tag.ts'
import { isWrittenAsText } from '../../../dicom/vocabulary/value-form.ts'
import { confidentialityOf } from '../rules/confidentiality.ts'

const HEADER_BYTES = 8

/**
 * Returns the tag of an element that lies within a value, with header and VR. Then a wrong length made the value swallow
 * it, or a program put a data set there. Undefined for the numbers, tables and samples that a value usually holds.
 *
 * In explicit VR the VR must be that of PS3.6. In implicit VR, where numbers could look like a header by chance, only an
 * element counts that identifies (PS3.15 Table E.1-1) and whose content is text.
 *
 * @param wanted the elements to look for; all if undefined
 */
export function swallowedElement(
  value: Buffer,
  littleEndian: boolean,
  wanted?: readonly Tag[],
): Tag | undefined {
  // After an odd length everything is misread by one byte.
  const step = wanted === undefined ? 2 : 1
  for (let at = 0; at + HEADER_BYTES < value.length; at += step) {
    const group = shortAt(value, at, littleEndian)
    // No identifying element of PS3.6 is in another group.
    if (group === 0 || (group > 0x0100 && !GROUPS.has(group))) continue
    const tag = group * 0x1_0000 + shortAt(value, at + 2, littleEndian)
    if (wanted !== undefined && !wanted.includes(tag)) continue
    if (
      isExplicit(value, at, tag, littleEndian) ||
      isImplicit(value, at, tag, littleEndian, wanted !== undefined)
    )
      return tag
  }
  return undefined
}

const GROUPS: ReadonlySet<number> = new Set([
  0x3006, 0x3008, 0x300a, 0x300c, 0x300e, 0x3010, 0x4008, 0x0400, 0x2030, 0x2100, 0x2200, 0x7fe0,
])

function isExplicit(value: Buffer, at: number, tag: Tag, littleEndian: boolean): boolean {
  const [first = 0, second = 0] = [value[at + 4], value[at + 5]]
  if (!isLetter(first) || !isLetter(second)) return false
  const vr = String.fromCharCode(first, second)
  const rest = value.length - at - HEADER_BYTES
  // Text has a short length, except UC, UR and UT, where two bytes are zero for a short value.
  return attributeOf(tag)?.vrs.includes(vr) === true && shortAt(value, at + 6, littleEndian) <= rest
}

function isImplicit(value: Buffer, at: number, tag: Tag, littleEndian: boolean, isWanted: boolean): boolean {
  const length = littleEndian ? value.readUInt32LE(at + 4) : value.readUInt32BE(at + 4)
  const from = at + HEADER_BYTES
  // A wrong length may end within the pixel data: black pixels after it look like zeros that fill up the file.
  if (PIXEL_DATA.has(tag) && isWanted) return length > 1
  if (length < 2 || length > value.length - from) return false
  const identifies = (confidentialityOf(tag)?.basic ?? 'K') !== 'K'
  if (!isWrittenAsText(attributeOf(tag)?.vrs[0] ?? '') || !(identifies || isWanted)) return false
  for (let i = from; i < from + length; i++) {
    // The last byte may be padding.
    if ((value[i] ?? 0) < 0x20 && value[i] !== 0x1b && i < from + length - 1) return false
  }
  return true
}

const isLetter = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a

const shortAt = (bytes: Buffer, at: number, littleEndian: boolean): number =>
  littleEndian
    ? (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
    : ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
