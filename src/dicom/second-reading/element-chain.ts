import { UNDEFINED_LENGTH } from '../read/data-set-token.ts'
import { type Encoding, readElementHeader, readTag } from '../read/element-header.ts'
import { isPlausible } from '../read/plausible-element.ts'
import { isPrivate } from '../vocabulary/attribute.ts'
import { PIXEL_DATA } from '../vocabulary/pixel-data.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { hasKnownVr } from '../vocabulary/value-representation.ts'

/** Two headers may follow each other by chance; three that the dictionary knows, in order, do not. */
const CHAIN = 3

/**
 * Returns the first place in `bytes`, from `at` on, where elements of a data set follow each other again after `lastTag`:
 * three in order, or fewer if Pixel Data or the end of the data set comes first. Undefined if there is none.
 *
 * @param isEnd true if the data set ends with these bytes
 */
export function findChain(
  bytes: Buffer,
  at: number,
  encoding: Encoding,
  lastTag: Tag,
  isEnd: boolean,
): number | undefined {
  for (let place = at; place + 8 <= bytes.length; place++) {
    if (mayBegin(bytes, place, encoding) && isChain(bytes, place, encoding, lastTag, isEnd)) return place
  }
  return undefined
}

/**
 * Returns false for most places of a search, at less cost than {@link isChain}: the first element of a chain has a VR that
 * the standard knows, or is a group length, which is judged by its length alone.
 */
function mayBegin(bytes: Buffer, place: number, encoding: Encoding): boolean {
  if (!encoding.explicitVr || hasKnownVr(bytes, place + 4)) return true
  return (readTag(bytes, place, encoding) & 0xffff) === 0
}

/**
 * True if elements follow each other from this place on; see {@link findChain}.
 *
 * @param mayBePrivate true if an element has to begin here, so that a private one is believed, too
 */
export function isChain(
  bytes: Buffer,
  place: number,
  encoding: Encoding,
  lastTag: Tag,
  isEnd: boolean,
  mayBePrivate = false,
): boolean {
  let at = place
  let before = lastTag
  for (let count = 1; ; count++) {
    const header = readElementHeader(bytes, at, encoding)
    if (header === undefined) return isEnd && at === bytes.length && count > 2
    const { tag, length, headerBytes } = header
    if (!isPlausible(header, before) || (count === 1 && isPrivate(tag) && !mayBePrivate)) return false
    const valueAt = at + headerBytes
    if (length === UNDEFINED_LENGTH) return !isPrivate(tag) && beginsItems(bytes, valueAt, encoding)
    if (count === CHAIN || (count > 1 && PIXEL_DATA.has(tag))) return true
    before = tag
    at = valueAt + length
  }
}

function beginsItems(bytes: Buffer, at: number, encoding: Encoding): boolean {
  if (bytes.length < at + 4) return false
  const tag = readTag(bytes, at, encoding)
  return tag === TAG.Item || tag === TAG.SequenceDelimitationItem
}
