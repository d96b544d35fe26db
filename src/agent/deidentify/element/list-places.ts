import type { DataElement, ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { type ElementPath, stepOf } from '../../../dicom/edit/element-path.ts'
import { characterSetOf } from './element-text.ts'

/** A list of elements and its place. */
export interface ListPlace {
  readonly list: ElementList
  /** The sequences around it; empty for the data set itself. */
  readonly path: ElementPath
  /** The top-level element that contains the list; undefined for the data set itself. */
  readonly top: DataElement | undefined
  readonly characterSet: string
}

/** Yields the data set itself, then the items within; `around` is the character set of a list that declares none. */
export function* listsWithin(
  list: ElementList,
  around: string,
  path: ElementPath = [],
  top?: DataElement,
): Generator<ListPlace> {
  const characterSet = characterSetOf(list, around)
  yield { list, path, top, characterSet }
  for (const element of list.elements) {
    if (element.items === undefined) continue
    const inside = [...path, stepOf(element, list)]
    for (const item of element.items) yield* listsWithin(item.list, characterSet, inside, top ?? element)
  }
}
