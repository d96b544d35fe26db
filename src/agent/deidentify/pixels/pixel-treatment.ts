import type { ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import type { ElementToken } from '../../../dicom/read/data-set-token.ts'
import { PIXEL_DATA } from '../../../dicom/vocabulary/pixel-data.ts'
import { TAG, type Tag } from '../../../dicom/vocabulary/tag.ts'

/** The treatment of the pixels of one instance. */
export interface PixelTreatment {
  /** True: a rule says that they show no identity. */
  readonly areClean: boolean
  /** True: frames are decoded and encoded again. */
  readonly encodesFrames: boolean
  /** The transfer syntax of the data set as it leaves. */
  readonly transferSyntaxUid: string
  /** May change the head if necessary, for example for another encoding of the pixels. */
  adapt(head: ElementList): void
  /** Called for each element of group 7FE0. */
  treat(element: ElementToken): 'keep' | 'remove' | ValueTransform
}

/** The group's length, and the offset tables of the frames. */
const ABOUT_PIXEL_DATA: ReadonlySet<Tag> = new Set([
  0x7fe0_0000,
  TAG.ExtendedOffsetTable,
  TAG.ExtendedOffsetTableLengths,
  TAG.EncapsulatedPixelDataValueTotalLength,
])

/** The role of an element of group 7FE0; undefined for an unknown element. */
export function roleInPixelGroup(tag: Tag): 'pixels' | 'about pixels' | undefined {
  if (PIXEL_DATA.has(tag)) return 'pixels'
  return ABOUT_PIXEL_DATA.has(tag) ? 'about pixels' : undefined
}
