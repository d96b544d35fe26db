import type { ValueTransform } from '../../dicom/data-set-editor.ts'
import type { ElementToken } from '../../dicom/data-set-token.ts'
import type { ElementList } from '../../dicom/data-set-tree.ts'
import type { InstanceFacts } from './facts.ts'
import type { DeidProfile } from './profile.ts'

/** What becomes of the pixels of one instance. */
export interface PixelTreatment {
  /** True: a rule says that no identity is left in them. */
  readonly areClean: boolean
  /** May change the head where that is needed, e.g. for another encoding of the pixels. */
  adapt(head: ElementList): void
  treat(element: ElementToken): 'keep' | ValueTransform
}

/** Decides from all that stands before the pixel data; throws DEID_WITHHELD where nobody can say that they are clean. */
export function choosePixelTreatment(
  _head: ElementList,
  _facts: InstanceFacts,
  _profile: DeidProfile,
  _transferSyntaxUid: string,
): PixelTreatment {
  return { areClean: false, adapt: () => {}, treat: () => 'keep' }
}
