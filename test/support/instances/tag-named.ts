import { tagOfKeyword } from '../../../src/dicom/vocabulary/attribute.ts'
import type { Tag } from '../../../src/dicom/vocabulary/tag.ts'

/** By the standard's keyword. */
export function tagNamed(keyword: string): Tag {
  const found = tagOfKeyword(keyword)
  if (found === undefined) throw new Error(`no attribute ${keyword}`)
  return found
}

/** A tag without a keyword: a private element, or one that the standard does not know. */
export const tagOf = (group: number, element: number): Tag => ((group << 16) | element) >>> 0
