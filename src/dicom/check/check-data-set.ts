import { type DataSetToken, type ElementToken, UNDEFINED_LENGTH } from '../read/data-set-token.ts'
import { contradictsSyntax } from '../read/declared-syntax.ts'
import { isZero } from '../read/zeros.ts'
import { TwofoldReading } from '../second-reading/twofold-reading.ts'
import type { Tag } from '../vocabulary/tag.ts'
import { isListedSyntax, transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { EndingCheck } from './check-ending.ts'
import type { Finding } from './check-findings.ts'
import { IdentifierCheck } from './check-identifiers.ts'
import { PixelCheck } from './check-pixel-data.ts'
import { TailCheck } from './check-tail.ts'
import { TextCheck } from './check-text.ts'

/** No relevant value of a text VR is longer; a longer one is not examined. */
const VALUE_LIMIT_BYTES = 64 * 1024
const PIXEL_DATA_GROUP = 0x7fe0

/**
 * Collects findings in a data set (without Part 10 header, inflated) as it streams past. It holds one value of at most
 * 64 KiB and an offset table; pixels are counted, not read. Any input ends in findings, never in an exception.
 */
export class DataSetCheck {
  readonly #uid: string
  readonly #reading: TwofoldReading
  readonly #identifiers = new IdentifierCheck()
  readonly #text = new TextCheck()
  readonly #pixels: PixelCheck
  /** Begins with the first element after Pixel Data: only then is the encoding of the data set known. */
  #tail: TailCheck | undefined
  readonly #ending = new EndingCheck()
  readonly #found = new Set<Finding>()
  #value: { element: ElementToken; pieces: Buffer[] } | undefined
  #isInValue = false
  #isInFragments = false
  #lastTag: Tag | undefined
  #openSequences = 0
  /** The header of an element of the data set itself that the end of the data cut off. */
  #cutHeader: Buffer | undefined
  #isFinishing = false
  #isEnded = false

  constructor(transferSyntaxUid: string) {
    this.#uid = transferSyntaxUid
    this.#pixels = new PixelCheck(transferSyntax(transferSyntaxUid))
    this.#reading = new TwofoldReading(
      transferSyntaxUid,
      (token) => this.#take(token),
      (token) => this.#ending.take(token),
    )
  }

  push(bytes: Buffer): void {
    this.#reading.push(bytes)
    if (this.#reading.failure !== undefined && !this.#isEnded) this.#end(this.#placed('unreadable'))
  }

  /** Returns each finding at most once. */
  finish(): Finding[] {
    this.#isFinishing = true
    const isBetweenFragments = this.#isInFragments && !this.#isInValue
    const failure = this.#reading.finish()
    const wasRead = !this.#isEnded
    const ending = this.#ending.of(this.#reading)
    if (wasRead && failure !== undefined) {
      const finding = this.#placed(isBetweenFragments ? 'fragmentsEnd' : 'truncated')
      this.#end(finding === 'truncated' && ending === 'whole' ? 'unreadable' : finding)
    } else if ((ending === 'cut' && this.#isLost()) || this.#isHiddenCut()) this.#found.add('truncated')
    const isWhole = !this.#isEnded
    this.#isEnded = true
    const later = [this.#identifiers.findings(), this.#text.findings(), this.#pixels.findings(isWhole)]
    return Array.from(new Set([...this.#found, ...later.flat()]))
  }

  /** True if the data set could not be read up to its pixel data: not at all, or because of zeros within it. */
  #isLost(): boolean {
    return (
      this.#found.has('unreadable') || (this.#found.has('trailingBytes') && this.#pixels.state === 'before')
    )
  }

  /** True if a wrong length hides the pixel data, and ends where the data set ends or only zeros follow. */
  #isHiddenCut(): boolean {
    return this.#pixels.state === 'before' && this.#ending.isHiddenCut(this.#reading)
  }

  /**
   * If the first element cannot be read, the data set is encoded in another syntax, or, if PS3.6 does not list the
   * declared one, in an unknown way: then its end is unknown too. After Pixel Data only an element cut by the end
   * belongs to the data set; a device appended everything else.
   */
  #placed(finding: Finding): Finding {
    const isListed = isListedSyntax(this.#uid)
    if (!isListed && this.#reading.lastPlausible === undefined) return 'unreadable'
    if (isListed && this.#lastTag === undefined && finding === 'unreadable') return 'transferSyntax'
    if (this.#pixels.state !== 'behind') return finding
    const isCut =
      this.#cutHeader === undefined
        ? this.#beginTail().isWithinElement
        : this.#beginTail().isCutHeader(this.#cutHeader)
    return finding === 'truncated' && isCut ? 'truncated' : 'trailingBytes'
  }

  #end(finding: Finding): void {
    this.#isEnded = true
    this.#found.add(finding)
  }

  #take(token: DataSetToken): void {
    if (this.#isEnded) return
    switch (token.kind) {
      case 'element':
        return this.#takeElement(token)
      case 'value':
        return this.#takeValue(token.bytes, token.last)
      case 'item':
        return this.#text.beginItem()
      case 'itemEnd':
        return this.#text.endItem()
      case 'fragment':
        this.#isInValue = true
        return this.#pixels.beginFragment(token.length)
      case 'fragmentsEnd':
        this.#isInFragments = false
        return this.#pixels.endFragments()
      case 'rest':
        return this.#takeRest(token.bytes)
      case 'sequenceEnd':
        this.#openSequences--
        return undefined
    }
  }

  #takeElement(element: ElementToken): void {
    const { tag, length, holds, depth } = element
    if (this.#lastTag === undefined && contradictsSyntax(element, this.#uid) !== undefined)
      return this.#end('transferSyntax')
    if (depth === 0) this.#checkOrder(tag)
    if (depth === 0 && this.#pixels.state === 'behind') this.#beginTail().take(element)
    if (length % 2 === 1 && length !== UNDEFINED_LENGTH) this.#found.add('oddLength')
    this.#pixels.begin(element)
    if (holds === 'items') this.#openSequences++
    this.#isInFragments = holds === 'fragments'
    this.#isInValue = holds === 'value'
    if (this.#isInValue && length <= VALUE_LIMIT_BYTES && this.#wants(element))
      this.#value = { element, pieces: [] }
  }

  #beginTail(): TailCheck {
    this.#tail ??= new TailCheck(this.#reading.encoding)
    return this.#tail
  }

  #wants(element: ElementToken): boolean {
    const { tag, depth } = element
    if (tag >>> 16 === PIXEL_DATA_GROUP) return false
    if (depth === 0 && (this.#identifiers.wants(tag) || this.#pixels.wants(tag))) return true
    return this.#text.wants(element)
  }

  #checkOrder(tag: Tag): void {
    if (this.#lastTag !== undefined && tag <= this.#lastTag) this.#found.add('elementOrder')
    this.#lastTag = tag
  }

  #takeValue(bytes: Buffer, last: boolean): void {
    this.#pixels.takeValue(bytes, last)
    if (last) this.#isInValue = false
    const value = this.#value
    if (value === undefined) return
    if (!last) {
      // A copy: the caller may reuse the chunk's memory.
      value.pieces.push(Buffer.from(bytes))
      return
    }
    this.#value = undefined
    const whole = value.pieces.length === 0 ? bytes : Buffer.concat([...value.pieces, bytes])
    this.#takeWhole(value.element, whole)
  }

  #takeWhole({ tag, vr, depth }: ElementToken, value: Buffer): void {
    this.#text.take(tag, vr, value)
    if (depth > 0) return
    if (this.#identifiers.wants(tag)) this.#identifiers.take(tag, value)
    else if (this.#pixels.wants(tag)) this.#pixels.take(tag, value, this.#reading.encoding)
  }

  /** Devices fill up to a block with zeros. The reader reports a header that the end has cut off. */
  #takeRest(bytes: Buffer): void {
    if (this.#isFinishing && this.#openSequences === 0 && !isZero(bytes)) this.#cutHeader = bytes
    const isPartOfHeader = this.#isFinishing && !isZero(bytes)
    if (this.#lastTag === undefined) this.#end(isPartOfHeader ? 'truncated' : 'unreadable')
    else if (!this.#isFinishing && !isZero(bytes)) this.#found.add('trailingBytes')
  }
}
