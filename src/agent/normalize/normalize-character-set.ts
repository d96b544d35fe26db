import type { DataElement, ElementList } from '../../dicom/edit/data-set-tree.ts'
import { readText } from '../../dicom/text/text.ts'
import { TAG } from '../../dicom/vocabulary/tag.ts'
import { CHARACTER_SET_VRS } from '../../dicom/vocabulary/value-representation.ts'
import { plainText, vrOf } from '../deidentify/element/element-text.ts'

/** Returns true if a declaration is the one that is known to be wrong. */
export function isDeclared(declared: string, found: DataElement | undefined): boolean {
  const text = plainText(found).trim()
  return declared === 'any' || text === (declared === 'none' ? '' : declared)
}

/**
 * Returns false if text under the wrong declaration cannot be read in the named character set: this instance is then
 * not one of those that the rule was made for, and its declaration may be right.
 */
export function readsAs(
  list: ElementList,
  wanted: { readonly declared: string; readonly actual: string },
  isAround = false,
): boolean {
  const own = list.find(TAG.SpecificCharacterSet)
  const isWrong = own === undefined && isAround ? true : isDeclared(wanted.declared, own)
  return list.elements.every((element) => {
    if (element.items !== undefined) return element.items.every((item) => readsAs(item.list, wanted, isWrong))
    const vr = vrOf(element)
    return !isWrong || !CHARACTER_SET_VRS.has(vr) || !readText(element.value, wanted.actual, vr).isGuess
  })
}

/** The lists that declare a character set themselves, those of items included. */
export function* declaringLists(
  list: ElementList,
  top?: DataElement,
): Generator<{ list: ElementList; own: DataElement; top: DataElement }> {
  for (const element of list.elements) {
    if (element.tag === TAG.SpecificCharacterSet) yield { list, own: element, top: top ?? element }
    for (const item of element.items ?? []) yield* declaringLists(item.list, top ?? element)
  }
}
