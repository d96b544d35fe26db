import { Failure } from '../../platform/failure.ts'
import { PIXEL_DATA } from '../vocabulary/pixel-data.ts'
import { TAG } from '../vocabulary/tag.ts'
import { isListedSyntax, transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { looksLikeVr } from '../vocabulary/value-representation.ts'
import { type DataSetToken, type ElementToken, UNDEFINED_LENGTH } from './data-set-token.ts'
import {
  type ElementHeader,
  type Encoding,
  EXPLICIT_LITTLE_ENDIAN,
  encodingOf,
  ITEM_HEADER_BYTES,
  readElementHeader,
  readLength,
  readTag,
} from './element-header.ts'
import { itemEncodingOf } from './item-encoding.ts'
import { PROBE_BYTES, probeEncoding } from './probe-encoding.ts'
import { isZero } from './zeros.ts'

export interface DataSetReaderOptions {
  /**
   * Detect sequences among the values in implicit VR and UN (PS3.5 §6.2.2), by itemEncodingOf. Default true; false
   * skips every value of stated length unread.
   */
  findSequences?: boolean
  /**
   * The encoding of the data set, if already known; otherwise the transfer syntax or the first element determines it.
   */
  encoding?: Encoding | undefined
}

/** Maximum nesting of sequences; those of the standard are about ten deep. */
const NESTING_LIMIT = 32

const BINARY_VRS: ReadonlySet<string> = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW'])
const NO_BYTES = Buffer.alloc(0)
const END_OF = { sequence: 'sequenceEnd', item: 'itemEnd', fragments: 'fragmentsEnd' } as const

/** A sequence, item or encapsulated value that has begun and not ended. */
interface Container {
  kind: 'sequence' | 'item' | 'fragments'
  /** The end; infinite if a delimiter marks it. */
  end: number
  /** The latest possible end, because an enclosing container ends there. */
  limit: number
  encoding: Encoding
}

/**
 * Splits a data set (without Part 10 header) into tokens as it streams in. Nothing is decoded and no value is held:
 * memory is bounded by the size of each push. For the deflated syntaxes push inflated bytes. If PS3.6 does not list the
 * transfer syntax, the first element determines the encoding.
 *
 * Throws DATA_SET_UNREADABLE if the bytes are not a data set in this transfer syntax, and again at each later call. Its
 * messages name places, never contents: misread bytes may be a patient's.
 */
export class DataSetReader {
  readonly #emit: (token: DataSetToken) => void
  /** Undefined until the first element has decided. */
  #encoding: Encoding | undefined
  readonly #findSequences: boolean
  readonly #open: Container[] = []
  #depth = 0
  /** The beginning of an incomplete header. */
  #held: Buffer = NO_BYTES
  /** Number of bytes emitted in tokens. */
  #offset = 0
  /** Remaining bytes of the current value; undefined between values. */
  #valueLeft: number | undefined
  #behindTheEnd = false
  #failure: Failure | undefined

  constructor(
    transferSyntaxUid: string,
    emit: (token: DataSetToken) => void,
    options: DataSetReaderOptions = {},
  ) {
    this.#emit = emit
    this.#encoding =
      options.encoding ??
      (isListedSyntax(transferSyntaxUid) ? encodingOf(transferSyntax(transferSyntaxUid)) : undefined)
    this.#findSequences = options.findSequences ?? true
  }

  /** The encoding of the data set; undefined until it is known. */
  get encoding(): Encoding | undefined {
    return this.#encoding
  }

  push(chunk: Buffer): void {
    if (this.#failure !== undefined) throw this.#failure
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = NO_BYTES
    const begin = this.#offset
    let at = 0
    for (;;) {
      this.#readNext(bytes, at)
      if (this.#offset === begin + at) break
      at = this.#offset - begin
    }
    // A copy: the caller may reuse the chunk's memory.
    this.#held = at === bytes.length ? NO_BYTES : Buffer.from(bytes.subarray(at))
  }

  /**
   * Records bytes that all belong to the current value and are therefore not emitted, since the caller has them.
   * Returns false, and records nothing, if they may contain more than the value: push those.
   */
  passes(bytes: number): boolean {
    if (this.#valueLeft === undefined || bytes >= this.#valueLeft) return false
    this.#offset += bytes
    this.#valueLeft -= bytes
    return true
  }

  /** Call it after all bytes; throws DATA_SET_UNREADABLE if the data set does not end here. */
  finish(): void {
    if (this.#failure !== undefined) throw this.#failure
    const rest = this.#held
    this.#held = NO_BYTES
    if (rest.length > 0) this.#takeRest(rest)
    if (this.#valueLeft !== undefined) throw this.#unreadable('the data ends in the middle of a value')
    if (this.#open.length > 0) throw this.#unreadable('the data ends in the middle of a sequence')
    if (!isZero(rest)) throw this.#unreadable("the data ends in the middle of an element's header")
  }

  /** Emits the next tokens from `at` on, or none if there are too few bytes for one. */
  #readNext(bytes: Buffer, at: number): void {
    const here = bytes.length - at
    if (this.#valueLeft !== undefined) {
      if (here > 0) this.#takeValue(bytes, at, this.#valueLeft)
      return
    }
    if (this.#behindTheEnd) {
      if (here > 0) this.#takeRest(bytes.subarray(at))
      return
    }
    if (here < ITEM_HEADER_BYTES) return
    this.#encoding ??= probeEncoding(bytes.subarray(at, at + PROBE_BYTES))
    const container = this.#open.at(-1)
    if (container === undefined && bytes[at] === 0 && isZero(bytes.subarray(at, at + ITEM_HEADER_BYTES))) {
      // No data set contains (0000,0000): devices fill up to a block with zeros.
      this.#behindTheEnd = true
      this.#takeRest(bytes.subarray(at))
    } else if (readTag(bytes, at, this.#encodingHere()) >>> 16 === 0xfffe) {
      this.#takeItemOrDelimiter(bytes, at, container)
    } else {
      this.#takeElement(bytes, at, container)
    }
  }

  #takeValue(bytes: Buffer, at: number, left: number): void {
    const end = Math.min(bytes.length, at + left)
    const last = end - at === left
    this.#offset += end - at
    this.#valueLeft = last ? undefined : left - (end - at)
    const isWhole = at === 0 && end === bytes.length
    this.#emit({ kind: 'value', bytes: isWhole ? bytes : bytes.subarray(at, end), last })
    if (last) this.#closeEnded()
  }

  #beginValue(length: number): void {
    this.#valueLeft = length
    if (length === 0) this.#takeValue(NO_BYTES, 0, 0)
  }

  #takeRest(bytes: Buffer): void {
    this.#offset += bytes.length
    this.#emit({ kind: 'rest', bytes })
  }

  #takeElement(bytes: Buffer, at: number, container: Container | undefined): void {
    if (container !== undefined && container.kind !== 'item') throw this.#unreadable('an item is missing')
    const encoding = this.#encodingHere()
    const header = readElementHeader(bytes, at, encoding)
    if (header === undefined) return
    const { tag, vr, length, headerBytes } = header
    if (vr !== undefined && !looksLikeVr(vr)) throw this.#unreadable('no VR where one belongs')
    this.#checkFits(headerBytes + (length === UNDEFINED_LENGTH ? 0 : length))
    const content = this.#contentOf(header, bytes, at + headerBytes, encoding)
    if (content === undefined) return
    const isItems = typeof content === 'object'
    const offset = this.#offset
    this.#offset += headerBytes
    this.#emit({
      kind: 'element',
      bytes: bytes.subarray(at, at + headerBytes),
      tag,
      vr,
      length,
      holds: isItems ? 'items' : content,
      itemEncoding: isItems ? content : undefined,
      depth: this.#depth,
      offset,
    })
    if (content === 'value') this.#beginValue(length)
    else if (content === 'fragments') this.#begin('fragments', length, encoding)
    else this.#begin('sequence', length, content)
  }

  /** Returns what the element holds, for items their encoding; undefined if the deciding bytes have not arrived. */
  #contentOf(
    header: ElementHeader,
    bytes: Buffer,
    valueAt: number,
    encoding: Encoding,
  ): Exclude<ElementToken['holds'], 'items'> | Encoding | undefined {
    const { tag, vr, length } = header
    const isUndefined = length === UNDEFINED_LENGTH
    if (isUndefined && (PIXEL_DATA.has(tag) || BINARY_VRS.has(vr ?? ''))) return 'fragments'
    if (vr === 'SQ') return encoding
    if (vr !== undefined && vr !== 'UN') {
      if (!isUndefined) return 'value'
      throw this.#unreadable('an undefined length in a VR that has none')
    }
    if (!isUndefined && (!this.#findSequences || PIXEL_DATA.has(tag))) return 'value'
    // Creating a view costs more than everything else here, and most elements need none.
    return itemEncodingOf(header, bytes.subarray(valueAt), encoding)
  }

  #takeItemOrDelimiter(bytes: Buffer, at: number, container: Container | undefined): void {
    const encoding = this.#encodingHere()
    this.#checkFits(ITEM_HEADER_BYTES)
    const header = bytes.subarray(at, at + ITEM_HEADER_BYTES)
    switch (readTag(bytes, at, encoding)) {
      case TAG.Item:
        return this.#takeItem(header, readLength(bytes, at + 4, encoding), container)
      case TAG.ItemDelimitationItem:
        if (container?.kind !== 'item') throw this.#unreadable('an item ends that has not begun')
        return this.#takeDelimiter(header, container)
      case TAG.SequenceDelimitationItem:
        if (container === undefined || container.kind === 'item')
          throw this.#unreadable('a sequence ends that has not begun')
        return this.#takeDelimiter(header, container)
      default:
        throw this.#unreadable('an unknown element of group FFFE')
    }
  }

  #takeItem(header: Buffer, length: number, container: Container | undefined): void {
    if (container === undefined || container.kind === 'item')
      throw this.#unreadable('an item outside a sequence')
    const fragment = container.kind === 'fragments'
    if (fragment && length === UNDEFINED_LENGTH) throw this.#unreadable('a fragment of undefined length')
    this.#checkFits(ITEM_HEADER_BYTES + (length === UNDEFINED_LENGTH ? 0 : length))
    this.#offset += header.length
    this.#emit({ kind: fragment ? 'fragment' : 'item', bytes: header, length })
    if (fragment) this.#beginValue(length)
    else this.#begin('item', length, container.encoding)
  }

  /** A delimiter's length is zero; any other length has no value after it either (PS3.5 §7.5). */
  #takeDelimiter(header: Buffer, container: Container): void {
    this.#offset += header.length
    if (Number.isFinite(container.end) && container.end !== this.#offset)
      throw this.#unreadable('a delimiter before the end that the length gave')
    this.#close(container, header)
    this.#closeEnded()
  }

  #begin(kind: Container['kind'], length: number, encoding: Encoding): void {
    if (kind === 'sequence' && ++this.#depth > NESTING_LIMIT)
      throw this.#unreadable(`sequences nested more than ${NESTING_LIMIT} deep`)
    const end = length === UNDEFINED_LENGTH ? Number.POSITIVE_INFINITY : this.#offset + length
    this.#open.push({ kind, end, limit: Math.min(end, this.#limitHere()), encoding })
    this.#closeEnded()
  }

  #closeEnded(): void {
    for (let top = this.#open.at(-1); top?.end === this.#offset; top = this.#open.at(-1)) {
      this.#close(top, NO_BYTES)
    }
  }

  #close(container: Container, bytes: Buffer): void {
    this.#open.pop()
    if (container.kind === 'sequence') this.#depth--
    this.#emit({ kind: END_OF[container.kind], bytes })
  }

  #encodingHere(): Encoding {
    return this.#open.at(-1)?.encoding ?? this.#encoding ?? EXPLICIT_LITTLE_ENDIAN
  }

  #limitHere(): number {
    return this.#open.at(-1)?.limit ?? Number.POSITIVE_INFINITY
  }

  #checkFits(bytes: number): void {
    if (this.#offset + bytes > this.#limitHere())
      throw this.#unreadable('an element longer than the sequence or item that contains it')
  }

  #unreadable(found: string): Failure {
    this.#failure = new Failure(
      'DATA_SET_UNREADABLE',
      `reading a data set: ${found}, at byte ${this.#offset}`,
    )
    return this.#failure
  }
}
