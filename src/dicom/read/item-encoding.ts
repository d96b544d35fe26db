import { attributeOf, isPrivate } from '../vocabulary/attribute.ts'
import { TAG } from '../vocabulary/tag.ts'
import { isKnownVr } from '../vocabulary/value-representation.ts'
import { UNDEFINED_LENGTH } from './data-set-token.ts'
import {
  type ElementHeader,
  type Encoding,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  ITEM_HEADER_BYTES,
  readLength,
  readTag,
} from './element-header.ts'
import { readsAsItems, TRIAL_BYTES } from './item-trial.ts'

/** An item's header, and from its first element the tag and two characters that may be a VR. */
const FIRST_ELEMENT_BYTES = ITEM_HEADER_BYTES + 6

/**
 * Decides whether an element in implicit VR or UN holds items, and how they are written. Returns their encoding, 'value' if
 * it holds a plain value, and undefined if `value` has too few bytes to tell.
 *
 * The dictionary comes first: a standard element holds items only if PS3.6 says SQ. The value of a private element tells by
 * its content: it must parse as items. Some devices write items in explicit VR inside implicit VR or UN, against PS3.5
 * §6.2.2 and §7.1.2: two letters of a VR in the first element show that.
 *
 * @param value the bytes after the header that are there so far
 */
export function itemEncodingOf(
  { tag, vr, length }: ElementHeader,
  value: Buffer,
  encoding: Encoding,
): Encoding | 'value' | undefined {
  const natural = vr === 'UN' ? IMPLICIT_LITTLE_ENDIAN : encoding
  const isStated = length !== UNDEFINED_LENGTH
  const attribute = isPrivate(tag) ? undefined : attributeOf(tag)
  if (isStated && attribute !== undefined && !attribute.vrs.includes('SQ')) return 'value'
  if (isStated && length < ITEM_HEADER_BYTES) return 'value'
  if (value.length < ITEM_HEADER_BYTES) return undefined
  if (readTag(value, 0, natural) !== TAG.Item) return isStated ? 'value' : natural
  const needsTrial = isStated && attribute === undefined
  if (!needsTrial && !hasElement(value, length, natural)) return natural
  const wanted = needsTrial ? Math.min(length, TRIAL_BYTES) : FIRST_ELEMENT_BYTES
  if (value.length < wanted) return undefined
  // Never more, so that the answer does not depend on the pieces in which a data set arrives.
  const beginning = value.subarray(0, wanted)
  if (showsVr(beginning) && readsAsItems(beginning, length, EXPLICIT_LITTLE_ENDIAN))
    return EXPLICIT_LITTLE_ENDIAN
  return !needsTrial || readsAsItems(beginning, length, natural) ? natural : 'value'
}

/** True if the first item has room for an element. */
function hasElement(value: Buffer, length: number, encoding: Encoding): boolean {
  const itemLength = readLength(value, 4, encoding)
  return Math.min(itemLength, length - ITEM_HEADER_BYTES) >= ITEM_HEADER_BYTES
}

/** True if the first element of the first item names the VR that the dictionary gives it, or any VR if it is private. */
function showsVr(value: Buffer): boolean {
  if (value.length < FIRST_ELEMENT_BYTES) return false
  const vr = value.toString('latin1', ITEM_HEADER_BYTES + 4, FIRST_ELEMENT_BYTES)
  if (!isKnownVr(vr)) return false
  return attributeOf(readTag(value, ITEM_HEADER_BYTES, EXPLICIT_LITTLE_ENDIAN))?.vrs.includes(vr) ?? true
}
