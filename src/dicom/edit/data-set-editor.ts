import { Failure } from '../../platform/failure.ts'
import { DataSetReader } from '../read/data-set-reader.ts'
import type { DataSetToken, ElementToken } from '../read/data-set-token.ts'
import { type Encoding, encodingOf } from '../read/element-header.ts'
import { isZero } from '../read/zeros.ts'
import { transferSyntax } from '../vocabulary/transfer-syntax.ts'
import { bytesOf, DataElement, ElementList, ReadItem } from './data-set-tree.ts'

/** Takes the value of one large element as it passes, and returns its replacement. */
export interface ValueTransform {
  /** Header, value and delimiter tokens of this element, in order. */
  push(token: DataSetToken): Buffer[]
}

export interface DataSetEdits {
  /**
   * Edits a complete part of the data set: first all elements before the first large one, then those between
   * and after large ones; the part after the last is given even if it is empty. The part is changed in place; unchanged elements
   * keep their bytes. `before` is the large element that follows; undefined at the end.
   */
  edit(part: ElementList, before?: ElementToken): void
  /** Decides about a large top-level element (pixel data, or a value of over 1 MiB). */
  large(element: ElementToken): 'keep' | 'remove' | ValueTransform
  /**
   * False: bytes after the data set are kept unchanged. True: zeros are removed (devices fill up to a block), and any
   * other bytes make the data set unreadable, since they may be a part of it.
   */
  readonly dropRest?: boolean
}

const LARGE_BYTES = 1024 * 1024
const IMAGE_GROUP = 0x0028
/** Size of the pieces of a head: one copy of this size costs less than one for each element. */
const HEAD_PIECE_BYTES = 4000
/** Smaller pieces are joined with their neighbours. */
const SMALL_BYTES = 4096
/** Limit for the bytes held at once: header elements and sequences, never pixel data. */
const HELD_LIMIT_BYTES = 64 * 1024 * 1024

/**
 * Edits a data set (without Part 10 header, inflated) while it streams through. The elements before the pixel data are
 * held whole, at most 64 MiB, so that an edit can see all of them; large values stream past. Throws DATA_SET_UNREADABLE
 * if the bytes are not a data set, or more would have to be held: then no output may be used. A data set in a transfer
 * syntax that PS3.6 does not list must be in explicit VR little endian (PS3.5 §A.4): a probe of its first element is
 * sufficient to file it, not to decide what may leave.
 */
export class DataSetEditor {
  readonly #edits: DataSetEdits
  readonly #reader: DataSetReader
  readonly #encoding: Encoding
  #part: ElementList
  #heldBytes = 0
  /** The open containers in the current part. */
  #open: (DataElement | ReadItem)[] = []
  #value: ElementToken | undefined
  /** Pieces of its value, if it arrived in several. */
  #pieces: Buffer[] = []
  #passing: ((token: DataSetToken) => Buffer[]) | undefined
  /** True within encapsulated data, whether it streams past or is held. */
  #inFragments = false
  /** True while the read bytes belong to this editor alone. */
  #isOurs = false
  #isEnded = false
  #out: Buffer[] = []

  constructor(transferSyntaxUid: string, edits: DataSetEdits) {
    this.#edits = edits
    this.#encoding = encodingOf(transferSyntax(transferSyntaxUid))
    this.#part = new ElementList(this.#encoding)
    this.#reader = new DataSetReader(transferSyntaxUid, (token) => this.#take(token), {
      encoding: this.#encoding,
    })
  }

  /**
   * Takes bytes and returns those that can be written now. The result may contain views of `chunk`: use them before its
   * memory changes.
   */
  push(chunk: Buffer): Buffer[] {
    if (this.#passing === KEEP && this.#reader.passes(chunk.length)) return [chunk]
    let at = 0
    do {
      this.#isOurs = this.#passing === undefined
      const end = this.#isOurs ? at + HEAD_PIECE_BYTES : chunk.length
      const piece = chunk.subarray(at, end)
      this.#reader.push(this.#isOurs ? Buffer.from(piece) : piece)
      at = end
    } while (at < chunk.length)
    return this.#answer()
  }

  finish(): Buffer[] {
    this.#isOurs = false
    this.#reader.finish()
    this.#endPart()
    return this.#answer()
  }

  #answer(): Buffer[] {
    const out = together(this.#out)
    this.#out = []
    return out
  }

  #take(token: DataSetToken): void {
    if (this.#passing !== undefined) this.#pass(this.#passing, token)
    else if (token.kind === 'element') this.#takeElement(token)
    else if (this.#inFragments) this.#takeEncapsulated(token)
    else if (token.kind === 'value') this.#takeValue(token.bytes, token.last)
    else if (token.kind === 'item') this.#openItem(token.bytes, token.length)
    else if (token.kind === 'itemEnd' || token.kind === 'sequenceEnd') this.#close(token.bytes)
    else if (token.kind === 'rest') this.#takeRest(token.bytes)
  }

  #takeElement(token: ElementToken): void {
    if (token.depth === 0 && (token.holds === 'fragments' || isLargeValue(token))) {
      this.#endPart(token)
      this.#passing = this.#passer(token)
      return this.#pass(this.#passing, token)
    }
    const bytes = this.#held(token.bytes)
    const kept = bytes === token.bytes ? token : { ...token, bytes }
    if (token.holds === 'items') return this.#openSequence(kept)
    this.#value = kept
    this.#inFragments = token.holds === 'fragments'
  }

  /**
   * Encapsulated data inside an item (PS3.5 §A.4), as in a compressed icon, is held as one value, including the headers
   * of fragments.
   */
  #takeEncapsulated({ kind, bytes }: DataSetToken): void {
    const isEnd = kind === 'fragmentsEnd'
    if (isEnd) this.#inFragments = false
    this.#takeValue(bytes, isEnd)
  }

  #takeValue(bytes: Buffer, last: boolean): void {
    const [token, pieces] = [this.#value, this.#pieces]
    if (token === undefined) throw new Failure('INTERNAL', 'editing a data set: a value without its element')
    const held = this.#held(bytes)
    if (!last || pieces.length > 0) pieces.push(held)
    if (!last) return
    this.#value = undefined
    if (pieces.length > 0) this.#pieces = []
    const list = this.#listHere()
    list.append(new DataElement(token, list.encoding, pieces.length > 0 ? Buffer.concat(pieces) : held))
  }

  #openSequence(token: ElementToken): void {
    const list = this.#listHere()
    const sequence = new DataElement(token, list.encoding, Buffer.alloc(0))
    list.append(sequence)
    this.#open.push(sequence)
  }

  #openItem(header: Buffer, length: number): void {
    const sequence = this.#open.at(-1)
    if (!(sequence instanceof DataElement))
      throw new Failure('INTERNAL', 'editing a data set: an item without its sequence')
    const item = new ReadItem(this.#held(header), length, sequence.itemEncoding)
    sequence.items?.push(item)
    this.#open.push(item)
  }

  #close(delimiter: Buffer): void {
    const container = this.#open.pop()
    if (container === undefined)
      throw new Failure('INTERNAL', 'editing a data set: an end without its beginning')
    container.end = this.#held(delimiter)
    if (container instanceof ReadItem) container.list.remember()
  }

  #takeRest(bytes: Buffer): void {
    this.#endPart()
    if (this.#edits.dropRest !== true) this.#out.push(bytes)
    else if (!isZero(bytes)) throw unreadable('bytes that are not zeros where the data set should have ended')
  }

  #listHere(): ElementList {
    const container = this.#open.at(-1)
    return container instanceof ReadItem ? container.list : this.#part
  }

  #endPart(before?: ElementToken): void {
    const part = this.#part
    if (this.#isEnded) return
    this.#isEnded = before === undefined
    this.#part = new ElementList(this.#encoding)
    this.#heldBytes = 0
    part.remember()
    this.#edits.edit(part, before)
    part.write(this.#out)
  }

  #passer(token: ElementToken): (token: DataSetToken) => Buffer[] {
    const decision = this.#edits.large(token)
    if (decision === 'keep') return KEEP
    if (decision === 'remove') return () => []
    return (part) => decision.push(part)
  }

  #pass(pass: (token: DataSetToken) => Buffer[], token: DataSetToken): void {
    this.#out.push(...pass(token))
    const isEnd =
      token.kind === 'fragmentsEnd' || (token.kind === 'value' && token.last && !this.#inFragments)
    if (token.kind === 'element') this.#inFragments = token.holds === 'fragments'
    if (!isEnd) return
    this.#passing = undefined
    this.#inFragments = false
  }

  /** Copies bytes that are a view: the chunk's memory may be reused. */
  #held(bytes: Buffer): Buffer {
    this.#heldBytes += bytes.length
    if (this.#heldBytes > HELD_LIMIT_BYTES)
      throw unreadable(`more than ${HELD_LIMIT_BYTES} bytes before the pixel data`)
    return this.#isOurs || bytes.length === 0 ? bytes : Buffer.from(bytes)
  }
}

/** Edits a small data set in one call; returns the edited bytes. */
export function editDataSet(dataSet: Buffer, transferSyntaxUid: string, edits: DataSetEdits): Buffer {
  const editor = new DataSetEditor(transferSyntaxUid, edits)
  const out = [...editor.push(dataSet), ...editor.finish()]
  return Buffer.concat(out, bytesOf(out))
}

/** Passes a large element unchanged. */
const KEEP = ({ bytes }: DataSetToken): Buffer[] => [bytes]

/** Joins small pieces into one: the next stage digests and seals them at a cost per piece. */
function together(pieces: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = []
  for (let from = 0; from < pieces.length; ) {
    let end = from
    while ((pieces[end]?.length ?? SMALL_BYTES) < SMALL_BYTES) end++
    const large = pieces[end]
    if (end > from) joined.push(Buffer.concat(pieces.slice(from, end)))
    if (large !== undefined) joined.push(large)
    from = end + 1
  }
  return joined
}

/**
 * Elements up to the image module's group are held at any size, so that the head contains every identifying element.
 */
function isLargeValue({ tag, holds, length }: ElementToken): boolean {
  const group = tag >>> 16
  return holds === 'value' && ((length > LARGE_BYTES && group > IMAGE_GROUP) || group === 0x7fe0)
}

function unreadable(found: string): Failure {
  return new Failure('DATA_SET_UNREADABLE', `editing a data set: ${found}`)
}
