import type { DataSetEdits, ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import type { ElementToken } from '../../../dicom/read/data-set-token.ts'

/**
 * One edit after the other over the same parts: the second sees what the first has left. A large value may be changed by
 * one of them only; the second is asked whenever the first leaves it as it is.
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
