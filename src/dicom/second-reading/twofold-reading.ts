import { Failure } from '../../platform/failure.ts'
import { DataSetReader, type DataSetReaderOptions } from '../read/data-set-reader.ts'
import { type DataSetToken, type ElementToken, UNDEFINED_LENGTH } from '../read/data-set-token.ts'
import { type Encoding, encodingOf } from '../read/element-header.ts'
import { isPlausible } from '../read/plausible-element.ts'
import { RecentBytes } from '../read/recent-bytes.ts'
import { isPrivate } from '../vocabulary/attribute.ts'
import { transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { PixelTrail } from './pixel-trail.ts'
import { type Doubt, doubtOf, type Ending, SecondReading } from './second-reading.ts'
import { SeenCreators } from './seen-creators.ts'

const PIXEL_DATA_GROUP = 0x7fe0
const PIECE_BYTES = 16 * 1024
const FROM_THE_BEGINNING: Doubt = { tag: 0, isSequence: false, valueBytes: undefined }

/**
 * Reads a data set as it is encoded, and a second time from the place on where that becomes doubtful: an element that
 * cannot follow, or bytes that are not an element. Each reading has its own receiver of tokens. Never throws: the first
 * reading ends with a failure, and the second one continues.
 */
export class TwofoldReading {
  readonly #uid: string
  readonly #options: DataSetReaderOptions
  readonly #reader: DataSetReader
  readonly #takeSecond: (token: DataSetToken) => void
  readonly #recent = new RecentBytes((bytes, isFirst) => this.#overflow(bytes, isFirst))
  readonly #creators = new SeenCreators()
  #last: ElementToken | undefined
  /** Position of the bytes that are read again if there is a doubt. */
  #from = 0
  /** Bytes of all tokens. */
  #offset = 0
  #openSequences = 0
  #second: SecondReading | undefined
  #trail: PixelTrail | undefined
  #isDoubtful = false
  #nextByte: number | undefined
  #failure: Failure | undefined

  constructor(
    transferSyntaxUid: string,
    takeFirst: (token: DataSetToken) => void,
    takeSecond: (token: DataSetToken) => void,
    options: DataSetReaderOptions = {},
  ) {
    this.#uid = transferSyntaxUid
    this.#options = options
    this.#takeSecond = takeSecond
    const take = (token: DataSetToken): void => {
      this.#watch(token)
      takeFirst(token)
    }
    this.#reader = new DataSetReader(transferSyntaxUid, take, options)
  }

  /** The reason why the first reading has ended: DATA_SET_UNREADABLE; undefined while it continues. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  /** True if a second reading has begun, or would have begun with fewer bytes to hold. */
  get isDoubtful(): boolean {
    return this.#isDoubtful
  }

  /** The last element of the data set itself that could follow the previous one. */
  get lastPlausible(): ElementToken | undefined {
    return this.#last
  }

  /** The encoding of the data set, as far as it is known. */
  get encoding(): Encoding {
    return this.#reader.encoding ?? encodingOf(transferSyntax(this.#uid))
  }

  /**
   * The byte after the value of {@link lastPlausible} if the doubt is about the following bytes; undefined if unknown.
   */
  get byteAfterLast(): number | undefined {
    return this.#nextByte
  }

  /** True if the doubt is about the content of the items of {@link lastPlausible}. */
  get isWithinItems(): boolean {
    return this.#openSequences > 0
  }

  push(bytes: Buffer): void {
    // In pieces that can be held, so that a doubt in one of them still has the bytes before it.
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      this.#pushPiece(bytes.subarray(at, at + PIECE_BYTES))
  }

  #pushPiece(bytes: Buffer): void {
    this.#second?.push(bytes)
    if (this.#second === undefined) this.#recent.push(bytes)
    else this.#trail?.push(bytes)
    if (this.#failure === undefined) this.#try(() => this.#reader.push(bytes))
  }

  /**
   * Called after all bytes. Returns why the first reading did not reach the end, or undefined if it did. A data set
   * without pixel data is read a second time then, too: a wrong length may happen to reach exactly to its end.
   */
  finish(): Failure | undefined {
    if (this.#failure === undefined) this.#try(() => this.#reader.finish())
    if (!this.#isPixelData(this.#last)) this.#doubt()
    return this.#failure
  }

  /** Returns the end of the second reading; undefined if there was no doubt. Call it after {@link finish}. */
  finishSecond(): Ending | undefined {
    return this.#second?.finish()
  }

  /** Returns the end of the data set by its Pixel Data alone, whether or not other elements can be read again. */
  pixelEnding(): Ending {
    return (this.#isDoubtful ? this.#trail?.finish() : undefined) ?? 'unknown'
  }

  #try(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      this.#failure = error
      this.#doubt()
    }
  }

  #watch(token: DataSetToken): void {
    if (this.#isDoubtful) return
    this.#offset += token.bytes.length
    if (token.kind === 'sequenceEnd') this.#endSequence()
    if (token.kind === 'rest') this.#doubt()
    if (token.kind !== 'element') return
    if (token.depth === 0) {
      const follows =
        isPlausible(withEvenLength(token), this.#last?.tag ?? 0) && this.#creators.allow(token.tag)
      if (!follows) return this.#doubt()
      if (!isPrivate(token.tag)) this.#trust(token)
    }
    if (token.holds === 'items') this.#openSequences++
  }

  #trust(element: ElementToken): void {
    this.#last = element
    this.#keepFrom(element.offset + element.bytes.length)
  }

  /** Items that end with their sequence were read correctly, regardless of what follows. */
  #endSequence(): void {
    this.#openSequences--
    if (this.#openSequences === 0) this.#keepFrom(this.#offset)
  }

  #keepFrom(offset: number): void {
    this.#from = offset
    this.#recent.keepFrom(offset)
  }

  /** A value that is too long to be held may hide Pixel Data. */
  #overflow(bytes: Buffer, isFirst: boolean): void {
    if (isFirst) this.#trail = this.#newTrail()
    this.#trail?.push(bytes)
  }

  #newTrail(): PixelTrail | undefined {
    return this.#isPixelData(this.#last) ? undefined : new PixelTrail(this.encoding)
  }

  /** True for pixel data and for what follows it. */
  #isPixelData(element: ElementToken | undefined): boolean {
    return (element?.tag ?? 0) >>> 16 >= PIXEL_DATA_GROUP
  }

  /** Begins the second reading after the last element that was read correctly. */
  #doubt(): void {
    if (this.#isDoubtful) return
    this.#isDoubtful = true
    const last = this.#last
    const bytes = this.#recent.from(this.#from)
    if (bytes === undefined) return
    const doubt = last === undefined ? FROM_THE_BEGINNING : doubtOf(last, this.#openSequences > 0)
    this.#nextByte = last?.holds === 'value' ? bytes[last.length] : undefined
    this.#trail = this.#newTrail()
    this.#trail?.push(bytes)
    this.#second = new SecondReading(this.#uid, this.encoding, doubt, this.#takeSecond, this.#options)
    this.#second.push(bytes)
  }
}

/** Some devices do not pad values. If an odd length is wrong, the next element shows that. */
function withEvenLength(element: ElementToken): ElementToken {
  const { length } = element
  return length % 2 === 0 || length === UNDEFINED_LENGTH ? element : { ...element, length: length - 1 }
}
