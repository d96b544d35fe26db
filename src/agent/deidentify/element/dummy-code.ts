import { type DataElement, ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'

/** A code sequence for a person or a place: one code that says that it was removed. */
export function oneDummyCode(sequence: DataElement): void {
  const made = new ElementList(sequence.itemEncoding)
  made.setSequence(sequence.tag, [
    (item) => {
      item.set(TAG.CodeValue, 'SH', Buffer.from('REMOVED'))
      item.set(TAG.CodingSchemeDesignator, 'SH', Buffer.from('99FERRY'))
      item.set(TAG.CodeMeaning, 'LO', Buffer.from('Removed'))
    },
  ])
  const items = made.elements[0]?.items ?? []
  sequence.items?.splice(0, sequence.items.length, ...items)
}
