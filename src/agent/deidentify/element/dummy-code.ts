import { type DataElement, ElementList } from '../../../dicom/edit/data-set-tree.ts'

/** A code sequence for a person or a place: one code that says that it was removed. */
export function oneDummyCode(sequence: DataElement): void {
  const made = new ElementList(sequence.itemEncoding)
  made.setSequence(sequence.tag, [
    (item) => {
      item.set(0x0008_0100, 'SH', Buffer.from('REMOVED'))
      item.set(0x0008_0102, 'SH', Buffer.from('99FERRY'))
      item.set(0x0008_0104, 'LO', Buffer.from('Removed'))
    },
  ])
  const items = made.elements[0]?.items ?? []
  sequence.items?.splice(0, sequence.items.length, ...items)
}
