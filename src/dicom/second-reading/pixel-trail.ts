import { UNDEFINED_LENGTH } from '../read/data-set-token.ts'
import {
  type Encoding,
  ITEM_HEADER_BYTES,
  readElementHeader,
  readLength,
  readTag,
} from '../read/element-header.ts'
import { isZero } from '../read/zeros.ts'
import { PIXEL_DATA } from '../vocabulary/pixel-data.ts'
import { TAG } from '../vocabulary/tag.ts'
import type { Ending } from './second-reading.ts'

/** The longest header that must be seen as a whole: tag, VR, two reserved bytes, length. */
const HEADER_BYTES = 12
const PIXEL_VRS: ReadonlySet<string> = new Set(['OB', 'OW', 'OF', 'OD', 'UN'])
const NO_BYTES = Buffer.alloc(0)

/**
 * Searches for Pixel Data in bytes of a data set that cannot be read as elements, and checks whether its value is
 * complete. A wrong length hides the elements after it, and Pixel Data usually ends the data set: if it ends at the end
 * of the data, nothing was cut off. Holds 12 bytes.
 */
export class PixelTrail {
  readonly #encoding: Encoding
  readonly #group: Buffer
  /** 'value': its bytes pass. 'fragments': an item's header comes next. */
  #state: 'searching' | 'value' | 'fragments' | 'fragment' = 'searching'
  #held: Buffer = NO_BYTES
  #left = 0
  #hasEnded = false
  /** True if only zeros followed the end of the pixel data. */
  #isAtEnd = false

  constructor(encoding: Encoding) {
    this.#encoding = encoding
    this.#group = Buffer.from(encoding.littleEndian ? [0xe0, 0x7f] : [0x7f, 0xe0])
  }

  push(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let at = 0
    for (;;) {
      const next = this.#step(bytes, at)
      if (next === undefined) break
      at = next
    }
    this.#held = Buffer.from(bytes.subarray(Math.max(at, bytes.length - HEADER_BYTES)))
    if (this.#state === 'searching' && !isZero(bytes.subarray(at))) this.#isAtEnd = false
  }

  /** Called after all bytes. Returns 'unknown' if there is no Pixel Data, or if something else follows it. */
  finish(): Ending {
    if (this.#state !== 'searching' || this.#nextTag(this.#held, 0) !== undefined) return 'cut'
    return this.#hasEnded && this.#isAtEnd && isZero(this.#held) ? 'whole' : 'unknown'
  }

  /** Returns the position in `bytes` to continue at, or undefined if all of them are consumed. */
  #step(bytes: Buffer, at: number): number | undefined {
    if (this.#state === 'searching') return this.#search(bytes, at)
    if (this.#state === 'fragments') return this.#takeFragment(bytes, at)
    if (at === bytes.length && this.#left > 0) return undefined
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    if (this.#left > 0) return end
    if (this.#state === 'fragment') this.#state = 'fragments'
    else this.#end()
    return end
  }

  #search(bytes: Buffer, from: number): number | undefined {
    const at = this.#nextTag(bytes, from)
    if (at === undefined || at + HEADER_BYTES > bytes.length) return undefined
    const header = readElementHeader(bytes, at, this.#encoding)
    if (header === undefined || !(header.vr === undefined || PIXEL_VRS.has(header.vr))) return at + 1
    this.#isAtEnd = false
    this.#state = header.length === UNDEFINED_LENGTH ? 'fragments' : 'value'
    this.#left = header.length
    return at + header.headerBytes
  }

  /** Returns the position of the next tag of pixel data; undefined if there is none. */
  #nextTag(bytes: Buffer, from: number): number | undefined {
    for (let at = bytes.indexOf(this.#group, from); at >= 0; at = bytes.indexOf(this.#group, at + 1)) {
      if (at + 4 <= bytes.length && PIXEL_DATA.has(readTag(bytes, at, this.#encoding))) return at
    }
    return undefined
  }

  #takeFragment(bytes: Buffer, at: number): number | undefined {
    if (at + ITEM_HEADER_BYTES > bytes.length) return undefined
    const tag = readTag(bytes, at, this.#encoding)
    if (tag === TAG.Item) {
      this.#state = 'fragment'
      this.#left = readLength(bytes, at + 4, this.#encoding)
      return at + ITEM_HEADER_BYTES
    }
    // Any bytes other than a delimiter show that this was not Pixel Data.
    if (tag === TAG.SequenceDelimitationItem) this.#end()
    else this.#state = 'searching'
    return at + ITEM_HEADER_BYTES
  }

  #end(): void {
    this.#state = 'searching'
    this.#hasEnded = true
    this.#isAtEnd = true
  }
}
