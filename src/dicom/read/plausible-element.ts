import { attributeOf, isPrivate, isPrivateCreator } from '../vocabulary/attribute.ts'
import type { Tag } from '../vocabulary/tag.ts'
import { hasShortLength } from '../vocabulary/value-representation.ts'
import { UNDEFINED_LENGTH } from './data-set-token.ts'
import type { ElementHeader } from './element-header.ts'

/** The longest value that a 16-bit length field can state. */
const SHORT_LENGTH_LIMIT_BYTES = 0xfffe
/** Private Creator is LO (PS3.5 §7.8.1). */
const CREATOR_LIMIT_BYTES = 64

/**
 * Returns true if a header can belong to the element after `lastTag` in a data set: in order, known to PS3.6 with this
 * VR, or private, and with a length that its VR allows. Real devices write other elements too; one that fails here is a
 * reason to look twice, not an error.
 */
export function isPlausible(header: Pick<ElementHeader, 'tag' | 'vr' | 'length'>, lastTag: Tag): boolean {
  const { tag, vr, length } = header
  if (tag <= lastTag || (length % 2 === 1 && length !== UNDEFINED_LENGTH)) return false
  if ((tag & 0xffff) === 0) return length === 4
  if (isPrivate(tag)) return !isPrivateCreator(tag) || length <= CREATOR_LIMIT_BYTES
  const vrs = attributeOf(tag)?.vrs
  if (vrs === undefined) return false
  if (vr !== undefined) return vr === 'UN' || vrs.includes(vr)
  return !vrs.every(hasShortLength) || length <= SHORT_LENGTH_LIMIT_BYTES
}
