import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { isPrivate, isPrivateCreator, privateCreatorTag } from '../../../dicom/vocabulary/attribute.ts'
import type { Tag } from '../../../dicom/vocabulary/tag.ts'

/** Removes the creators of private blocks that have no element left. */
export function removeUnusedCreators(list: ElementList): void {
  if (!list.elements.some(({ tag }) => isPrivateCreator(tag))) return
  const used = creatorsUsed(list)
  list.keep(({ tag }) => !isPrivateCreator(tag) || used.has(tag))
}

/** Returns the tags of the creators whose blocks still have an element. */
function creatorsUsed({ elements }: ElementList): ReadonlySet<Tag> {
  const used = elements.filter(({ tag }) => isPrivate(tag) && !isPrivateCreator(tag))
  return new Set(used.map(({ tag }) => privateCreatorTag(tag)))
}
