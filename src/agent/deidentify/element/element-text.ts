import type { DataElement, ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { attributeOf } from '../../../dicom/vocabulary/attribute.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'

/** Returns the true VR of an element: the standard's, if the element has UN or none. */
export function vrOf({ tag, vr, items }: DataElement): string {
  if (items !== undefined) return 'SQ'
  if (vr !== undefined && vr !== 'UN') return vr
  return attributeOf(tag)?.vrs[0] ?? 'UN'
}

/** Returns a value without padding, each byte a character: for codes, numbers, dates, UIDs. */
export function plainText(element: DataElement | undefined): string {
  if (element === undefined) return ''
  const { value } = element
  let end = value.length
  while (end > 0 && (value[end - 1] === 0 || value[end - 1] === 0x20)) end--
  return value.toString('latin1', 0, end)
}

export function textAt(list: ElementList, tag: number): string {
  return plainText(list.find(tag)).trim()
}

/** Specific Character Set of a list; an item without one has that of the data set around it (PS3.3 §C.12.1.1.2). */
export function characterSetOf(list: ElementList, around: string): string {
  const own = list.find(TAG.SpecificCharacterSet)
  return own === undefined ? around : plainText(own)
}

/** Returns the byte that pads an odd length (PS3.5 §6.2). */
export function paddingOf(vr: string): number {
  return vr === 'UI' || vr === 'OB' || vr === 'UN' ? 0 : 0x20
}
