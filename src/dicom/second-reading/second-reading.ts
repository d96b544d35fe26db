import { Failure } from '../../platform/failure.ts'
import { DataSetReader, type DataSetReaderOptions } from '../read/data-set-reader.ts'
import { type DataSetToken, type ElementToken, UNDEFINED_LENGTH } from '../read/data-set-token.ts'
import { type Encoding, ITEM_HEADER_BYTES, readLength, readTag } from '../read/element-header.ts'
import { isPlausible } from '../read/plausible-element.ts'
import { RecentBytes } from '../read/recent-bytes.ts'
import { isPrivate } from '../vocabulary/attribute.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { findChain, isChain } from './element-chain.ts'
import { SeenCreators } from './seen-creators.ts'

/** No value with a wrong length is longer. */
const SEARCH_BYTES = 64 * 1024
/** Three headers and the values between them. */
const LOOK_BYTES = 4 * 1024
/** A device that counts characters writes several wrong lengths in a head. */
const RESTARTS = 64
const PIXEL_DATA_GROUP = 0x7fe0

/** The end of a second reading; see {@link SecondReading.finish}. */
export type Ending = 'whole' | 'cut' | 'unknown'

/** The place where a reading of the data set failed. */
export interface Doubt {
  /** The last element that was read correctly, and whose length is in doubt; zero before the first. */
  readonly tag: Tag
  /** True if the doubt is about the content of its items, so that its own end may be right. */
  readonly isSequence: boolean
  /** Number of bytes from the beginning of its value to its end; undefined if a delimiter marks the end. */
  readonly valueBytes: number | undefined
}

/**
 * Continues to read a data set after a place that cannot be read as it is encoded: a length that counts characters, a
 * sequence whose items do not fit, zeros that a device left. It searches for the place where elements follow each other
 * again, and emits their tokens from there on. The skipped bytes are not emitted, so this cannot be used to change a
 * data set.
 *
 * Push the bytes from the beginning of the value in doubt. Never throws.
 */
export class SecondReading {
  readonly #uid: string
  readonly #encoding: Encoding
  readonly #emit: (token: DataSetToken) => void
  readonly #options: DataSetReaderOptions
  #doubt: Doubt
  /** True while it searches for the next element. */
  #isSearching = true
  /** The bytes to search, the number at which the next search is useful, and its beginning. */
  #pieces: Buffer[] = []
  #gatheredBytes = 0
  #nextLookBytes = LOOK_BYTES
  #lookFrom = 0
  /** Number of bytes of the value in doubt that are skipped without a search. */
  #toSkip: number
  #reader: DataSetReader | undefined
  #recent = new RecentBytes()
  #last: ElementToken | undefined
  /** Position of the bytes that are read again after a restart, and number of bytes of all tokens. */
  #from = 0
  #offset = 0
  #openSequences = 0
  #creators = new SeenCreators()
  #restarts = 0
  #isLost = false
  #ending: Ending | undefined

  constructor(
    transferSyntaxUid: string,
    encoding: Encoding,
    doubt: Doubt,
    emit: (token: DataSetToken) => void,
    options: DataSetReaderOptions = {},
  ) {
    this.#uid = transferSyntaxUid
    this.#encoding = encoding
    this.#doubt = doubt
    this.#toSkip = skipOf(doubt)
    this.#emit = emit
    this.#options = { ...options, encoding }
  }

  push(bytes: Buffer): void {
    if (this.#isLost) return
    if (!this.#isSearching) return this.#read(bytes)
    const skipped = Math.min(this.#toSkip, bytes.length)
    this.#toSkip -= skipped
    // A copy: the caller may reuse the memory.
    this.#pieces.push(Buffer.from(bytes.subarray(skipped)))
    this.#gatheredBytes += bytes.length - skipped
    if (this.#gatheredBytes >= this.#nextLookBytes) this.#search(false)
  }

  /**
   * Called after all bytes. Returns 'whole' if elements were read up to the end, 'cut' if the end is within the pixel
   * data or an element after it, and 'unknown' if no elements were found again.
   */
  finish(): Ending {
    this.#ending ??= this.#end()
    return this.#ending
  }

  #end(): Ending {
    for (;;) {
      if (this.#isSearching && !this.#isLost) this.#search(true)
      if (this.#isLost) return 'unknown'
      if (this.#isSearching) continue
      if (this.#isReadToTheEnd()) return 'whole'
      if ((this.#last?.tag ?? 0) >>> 16 >= PIXEL_DATA_GROUP) return 'cut'
      // A length that points beyond the end: the elements may be within its value.
      this.#restart()
    }
  }

  #isReadToTheEnd(): boolean {
    try {
      this.#reader?.finish()
      return true
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      return false
    }
  }

  #search(isEnd: boolean): void {
    const bytes = Buffer.concat(this.#pieces)
    const place = this.#place(bytes, isEnd)
    this.#pieces = [bytes]
    // The headers of a chain may not have been complete.
    this.#lookFrom = Math.max(0, bytes.length - LOOK_BYTES)
    this.#nextLookBytes = bytes.length + LOOK_BYTES
    if (place === undefined) {
      const isOnlyPlace = this.#doubt.isSequence && this.#doubt.valueBytes !== undefined
      this.#isLost = isEnd || bytes.length > SEARCH_BYTES || isOnlyPlace
      return
    }
    this.#isSearching = false
    this.#begin()
    this.#read(bytes.subarray(place))
  }

  #place(bytes: Buffer, isEnd: boolean): number | undefined {
    const { tag, isSequence, valueBytes } = this.#doubt
    if (!isSequence) {
      // The elements in items are not those of the data set itself.
      const from = Math.max(this.#lookFrom, afterItems(bytes, this.#encoding))
      return findChain(bytes, from, this.#encoding, tag, isEnd)
    }
    const places = valueBytes === undefined ? delimiterEnds(bytes, this.#encoding) : [0]
    return places.find((place) => isChain(bytes, place, this.#encoding, tag, isEnd, true))
  }

  #begin(): void {
    this.#pieces = []
    this.#recent = new RecentBytes()
    this.#openSequences = 0
    this.#creators = new SeenCreators()
    this.#last = undefined
    this.#from = 0
    this.#offset = 0
    this.#reader = new DataSetReader(this.#uid, (token) => this.#take(token), this.#options)
  }

  #read(bytes: Buffer): void {
    this.#recent.push(bytes)
    try {
      this.#reader?.push(bytes)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#restart()
    }
  }

  /** Searches again after the last element that was read correctly. */
  #restart(): void {
    const last = this.#last
    const again = last === undefined ? undefined : this.#recent.from(this.#from)
    this.#reader = undefined
    this.#restarts++
    if (last === undefined || again === undefined || this.#restarts > RESTARTS) {
      this.#isLost = true
      return
    }
    this.#doubt = doubtOf(last, this.#openSequences > 0)
    this.#toSkip = skipOf(this.#doubt)
    this.#isSearching = true
    this.#gatheredBytes = 0
    this.#nextLookBytes = LOOK_BYTES
    this.#lookFrom = 0
    this.push(again)
  }

  #take(token: DataSetToken): void {
    this.#offset += token.bytes.length
    if (token.kind === 'sequenceEnd' && --this.#openSequences === 0) this.#keepFrom(this.#offset)
    if (token.kind === 'element') {
      if (token.depth === 0) this.#trust(token)
      if (token.holds === 'items') this.#openSequences++
    }
    if (token.kind === 'rest' && this.#last === undefined) return
    this.#emit(token)
  }

  /** Throws for an element that cannot follow: the previous one is in doubt. */
  #trust(element: ElementToken): void {
    if (!isPlausible(element, this.#last?.tag ?? this.#doubt.tag) || !this.#creators.allow(element.tag))
      throw new Failure('DATA_SET_UNREADABLE', 'reading a data set again: an element that cannot follow')
    // Misread bytes often look like a private element, so only standard elements are trusted.
    if (isPrivate(element.tag)) return
    this.#last = element
    this.#keepFrom(element.offset + element.bytes.length)
  }

  #keepFrom(offset: number): void {
    this.#from = offset
    this.#recent.keepFrom(offset)
  }
}

/** Returns the kind of doubt after this element was read and something went wrong. */
export function doubtOf({ tag, holds, length }: ElementToken, isWithinItems: boolean): Doubt {
  return {
    tag,
    isSequence: holds === 'items' && isWithinItems,
    valueBytes: length === UNDEFINED_LENGTH ? undefined : length,
  }
}

/** A sequence of stated length is skipped as a whole: only its end may be right. */
function skipOf({ isSequence, valueBytes }: Doubt): number {
  return isSequence ? (valueBytes ?? 0) : 0
}

/**
 * Returns the end of the items at the beginning of these bytes, by their own lengths and delimiters; 0 if the bytes
 * begin with something else.
 */
function afterItems(bytes: Buffer, encoding: Encoding): number {
  const itemEnd = delimiter(TAG.ItemDelimitationItem, encoding)
  let at = 0
  while (at + ITEM_HEADER_BYTES <= bytes.length && readTag(bytes, at, encoding) === TAG.Item) {
    const length = readLength(bytes, at + 4, encoding)
    const isUndefined = length === UNDEFINED_LENGTH
    const content = isUndefined ? bytes.indexOf(itemEnd, at) : at + length
    if (content < 0 || content + ITEM_HEADER_BYTES > bytes.length) break
    at = content + ITEM_HEADER_BYTES
  }
  return at
}

/** Returns the positions after each end of a sequence that a delimiter marks. */
function delimiterEnds(bytes: Buffer, encoding: Encoding): number[] {
  const sequenceEnd = delimiter(TAG.SequenceDelimitationItem, encoding)
  const places: number[] = []
  for (let at = bytes.indexOf(sequenceEnd); at >= 0; at = bytes.indexOf(sequenceEnd, at + 1))
    places.push(at + sequenceEnd.length)
  return places
}

function delimiter(tag: Tag, { littleEndian }: Encoding): Buffer {
  const bytes = Buffer.alloc(ITEM_HEADER_BYTES)
  if (littleEndian) {
    bytes.writeUInt16LE(tag >>> 16, 0)
    bytes.writeUInt16LE(tag & 0xffff, 2)
  } else bytes.writeUInt32BE(tag, 0)
  return bytes
}
