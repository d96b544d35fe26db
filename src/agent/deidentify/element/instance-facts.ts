import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'
import { characterSetOf, textAt } from './element-text.ts'
import type { DeidSource } from './profile.ts'

/** Facts of an instance that rules and pixel treatment use; nothing here leaves the agent. */
export interface InstanceFacts {
  readonly source: DeidSource
  readonly sopClassUid: string
  readonly modality: string
  readonly characterSet: string
  readonly burnedInAnnotation: string
  readonly rows: number
  readonly columns: number
}

/** Reads the facts from the elements before the pixel data, before anything is changed. */
export function readFacts(head: ElementList, sopClassUid: string, source: DeidSource): InstanceFacts {
  return {
    source,
    sopClassUid,
    modality: textAt(head, TAG.Modality),
    characterSet: characterSetOf(head, ''),
    burnedInAnnotation: textAt(head, TAG.BurnedInAnnotation),
    rows: shortAt(head, TAG.Rows),
    columns: shortAt(head, TAG.Columns),
  }
}

function shortAt(head: ElementList, tag: number): number {
  const element = head.find(tag)
  if (element === undefined || element.value.length < 2) return 0
  return element.encoding.littleEndian ? element.value.readUInt16LE() : element.value.readUInt16BE()
}
