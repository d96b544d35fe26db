import type { DataSetEdits, ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import type { ElementToken } from '../../../dicom/read/data-set-token.ts'

/**
 * Applies one edit after the other to the same parts: the second sees the result of the first. Only one of them may
 * change a large value; the second is asked if the first leaves the value unchanged.
 */
export function chainEdits(first: DataSetEdits, second: DataSetEdits): DataSetEdits {
  return {
    dropRest: first.dropRest === true || second.dropRest === true,
    edit(part, before) {
      first.edit(part, before)
      second.edit(part, before)
    },
    large(element: ElementToken): 'keep' | 'remove' | ValueTransform {
      const decision = first.large(element)
      if (decision === 'remove') return 'remove'
      const after = second.large(element)
      return after === 'keep' ? decision : after
    },
  }
}
