import type { ElementToken } from '../read/data-set-token.ts'
import { type Encoding, ITEM_HEADER_BYTES, readTag } from '../read/element-header.ts'
import { attributeOf, isPrivate, isPrivateCreator, privateCreatorTag } from '../vocabulary/attribute.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { isKnownVr } from '../vocabulary/value-representation.ts'

const PIXEL_DATA_GROUP = 0x7fe0
/** Vendors keep raw volumes in the private groups that follow Pixel Data. */
const LAST_RAW_DATA_GROUP = 0x7fff
/** Private Creator is LO (PS3.5 §7.8.1). */
const CREATOR_LIMIT_BYTES = 64

/**
 * Distinguishes an element after Pixel Data that is cut by the end of the data from bytes that a device appended to the
 * data set. Raw data and digital signatures are stored there, and an instance without a part of them is not whole.
 */
export class TailCheck {
  readonly #encoding: Encoding
  readonly #creators = new Set<Tag>()
  #lastTag: Tag = TAG.PixelData
  #isElement = false

  constructor(encoding: Encoding) {
    this.#encoding = encoding
  }

  /** Takes each element of the data set itself that follows Pixel Data. */
  take({ tag, vr, length }: Pick<ElementToken, 'tag' | 'vr' | 'length'>): void {
    const isInOrder = tag > this.#lastTag
    this.#isElement =
      isInOrder && (vr === undefined || isKnownVr(vr)) && (this.#isKnown(tag) || isCreator(tag, length))
    this.#lastTag = tag
    if (isCreator(tag, length)) this.#creators.add(tag)
  }

  /** True if the last element is such an element: if the data ends within it, the data set is cut off. */
  get isWithinElement(): boolean {
    return this.#isElement
  }

  /** True if these last bytes, too few for a header, are the beginning of one. */
  isCutHeader(bytes: Buffer): boolean {
    if (bytes.length < 2) return this.#isElement && bytes.length > 0
    const header = Buffer.concat([bytes, Buffer.alloc(ITEM_HEADER_BYTES)])
    const tag = readTag(header, 0, this.#encoding)
    if (bytes.length < 4) return isGroupOfTail(tag >>> 16)
    if (tag <= this.#lastTag || !(this.#isKnown(tag) || isPrivateCreator(tag))) return false
    return !this.#encoding.explicitVr || bytes.length < 6 || isKnownVr(header.toString('latin1', 4, 6))
  }

  #isKnown(tag: Tag): boolean {
    return isPrivate(tag) ? this.#creators.has(privateCreatorTag(tag)) : attributeOf(tag) !== undefined
  }
}

function isCreator(tag: Tag, length: number): boolean {
  return isPrivateCreator(tag) && length <= CREATOR_LIMIT_BYTES
}

/** Pixel Data's own group, raw data, Digital Signatures Sequence, Data Set Trailing Padding. */
function isGroupOfTail(group: number): boolean {
  const isRawData = group % 2 === 1 && group > PIXEL_DATA_GROUP && group <= LAST_RAW_DATA_GROUP
  return group === PIXEL_DATA_GROUP || isRawData || group === 0xfffa || group === 0xfffc
}
