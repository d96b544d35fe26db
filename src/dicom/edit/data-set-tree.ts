import { Failure } from '../../platform/failure.ts'
import { type ElementToken, UNDEFINED_LENGTH } from '../read/data-set-token.ts'
import type { Encoding } from '../read/element-header.ts'
import { TAG, type Tag } from '../vocabulary/tag.ts'
import { withLength, writeElementHeader, writeLength } from './write-element.ts'

const NO_BYTES = Buffer.alloc(0)

/**
 * The parts of an element's token that the element keeps. Items have the encoding of the element, unless it says
 * otherwise.
 */
type ElementContent = Pick<ElementToken, 'tag' | 'vr' | 'length' | 'bytes' | 'holds'> & {
  readonly itemEncoding?: Encoding | undefined
}

/**
 * One data element that can be changed. An unchanged element is written with its original bytes; a length is rewritten
 * only if its content has another length now.
 */
export class DataElement {
  readonly tag: Tag
  /** The VR in the data set; undefined in implicit VR. */
  readonly vr: string | undefined
  readonly encoding: Encoding
  readonly header: Buffer
  /** The original length field. */
  readonly length: number
  /** Undefined for a plain value. */
  readonly items: DataSetItem[] | undefined
  /** The encoding of the elements of its items. */
  readonly itemEncoding: Encoding
  #value: Buffer
  /**
   * True while a delimiter ends it, as for encapsulated data (PS3.5 §A.4), where the delimiter is part of the value.
   */
  #isDelimited: boolean
  /**
   * The delimiter of a sequence: of one of undefined length, and of one of stated length if a device nevertheless wrote
   * one.
   */
  end: Buffer = NO_BYTES

  constructor(token: ElementContent, encoding: Encoding, value: Buffer) {
    this.tag = token.tag
    this.vr = token.vr
    this.length = token.length
    this.header = token.bytes
    this.encoding = encoding
    this.items = token.holds === 'items' ? [] : undefined
    this.itemEncoding = token.itemEncoding ?? encoding
    this.#value = value
    this.#isDelimited = token.length === UNDEFINED_LENGTH
  }

  /** The bytes of a plain value, padding included; empty for a sequence. */
  get value(): Buffer {
    return this.#value
  }

  /** Replaces the bytes of a plain value; an odd length is padded as its VR requires (PS3.5 §6.2). */
  replace(value: Buffer, padding = 0x20): void {
    if (this.items !== undefined) throw new Failure('INTERNAL', 'editing a data set: a sequence has no value')
    this.#isDelimited = false
    this.#value = value.length % 2 === 0 ? value : Buffer.concat([value, Buffer.from([padding])])
  }

  /** Adds the bytes to write to `out`, and returns it. */
  write(out: Buffer[] = []): Buffer[] {
    const at = out.push(this.header)
    if (this.items === undefined) out.push(this.#value)
    else for (const item of this.items) item.write(out)
    if (this.end.length > 0) out.push(this.end)
    if (this.#isDelimited) return out
    const length = bytesOf(out, at)
    if (length !== this.length) out[at - 1] = withLength(this.header, this.vr, length, this.encoding)
    return out
  }
}

/** From this number on, elements are found by a table of their tags. */
const MANY = 64

/**
 * Elements in the order in which they are written: a data set, or an item of a sequence. Finding and removing one takes
 * constant time for any number of elements: a device may send a million.
 */
export class ElementList {
  readonly encoding: Encoding
  #elements: DataElement[] = []
  /** The removed ones among them, until the whole list is read. */
  #removed: Set<DataElement> | undefined
  #byTag: ReadonlyMap<Tag, DataElement[]> | undefined
  /** The original number of bytes of each group; undefined if no group states its length. */
  #groupBytes: Map<number, number> | undefined

  constructor(encoding: Encoding) {
    this.encoding = encoding
  }

  /** A snapshot: later changes do not affect the returned list. */
  get elements(): readonly DataElement[] {
    const removed = this.#removed
    if (removed !== undefined) this.#replace(this.#elements.filter((element) => !removed.has(element)))
    return this.#elements
  }

  /** Returns the first one with this tag. */
  find(tag: Tag): DataElement | undefined {
    if (this.#elements.length >= MANY) return this.#findAmongMany(tag)
    for (const element of this.#elements)
      if (element.tag === tag && this.#removed?.has(element) !== true) return element
    return undefined
  }

  /** Adds one at the end, as read from the data set. */
  append(element: DataElement): void {
    if (this.#removed !== undefined) this.#replace([...this.elements])
    this.#elements.push(element)
    this.#byTag = undefined
  }

  /** Removes one that is in the list. */
  remove(element: DataElement): void {
    this.#removed ??= new Set()
    this.#removed.add(element)
  }

  keep(isKept: (element: DataElement) => boolean): void {
    this.#replace(this.elements.filter(isKept))
  }

  /** Sets a plain value. If the element is missing, a new one is added at its place among the tags. */
  set(tag: Tag, vr: string, value: Buffer, padding = 0x20): void {
    const found = this.find(tag)
    if (found?.items === undefined && found !== undefined) return found.replace(value, padding)
    if (found !== undefined) this.remove(found)
    const made = newElement(tag, vr, 'value', this.encoding)
    made.replace(value, padding)
    this.insert(made)
  }

  /** Sets a sequence of these items, each filled by its function. */
  setSequence(tag: Tag, fillers: readonly ((item: ElementList) => void)[]): void {
    this.keep((element) => element.tag !== tag)
    const made = newElement(tag, 'SQ', 'items', this.encoding)
    for (const fill of fillers) {
      const item = newItem(this.encoding)
      fill(item.list)
      made.items?.push(item)
    }
    this.insert(made)
  }

  /**
   * Sets an element by its bytes, header included, as {@link write} returned them: elements that are equal in many data
   * sets are encoded once.
   */
  setWritten(tag: Tag, bytes: Buffer): void {
    const found = this.find(tag)
    if (found !== undefined) this.keep((element) => element.tag !== tag)
    const token = {
      tag,
      vr: undefined,
      length: bytes.length,
      bytes: NO_BYTES,
      holds: 'value' as const,
    }
    this.insert(new DataElement(token, this.encoding, bytes))
  }

  /** Inserts an element at its place among the tags. */
  insert(element: DataElement): void {
    const place = this.elements.findIndex(({ tag }) => tag > element.tag)
    this.#replace(this.elements.toSpliced(place === -1 ? this.#elements.length : place, 0, element))
  }

  /**
   * Adds the bytes to write to `out`, and returns it; a group length that no longer matches its group is corrected
   * (PS3.5 §7.2).
   */
  write(out: Buffer[] = []): Buffer[] {
    if (this.#groupBytes !== undefined) return this.#writeCounting(out, this.#groupBytes)
    for (const element of this.elements) element.write(out)
    return out
  }

  /** Records the current size of each group that states its length, so that a later change is detected. */
  remember(): void {
    if (!this.elements.some(isGroupLength)) return
    this.#groupBytes ??= new Map()
    for (const element of this.elements) count(element, bytesOf(element.write()), this.#groupBytes)
  }

  /** Writes each element once, however deep they are nested. */
  #writeCounting(out: Buffer[], original: ReadonlyMap<number, number>): Buffer[] {
    const now = new Map<number, number>()
    const stated: { group: number; valueAt: number }[] = []
    for (const element of this.elements) {
      const at = out.length
      element.write(out)
      count(element, bytesOf(out, at), now)
      if (isGroupLength(element)) stated.push({ group: element.tag >>> 16, valueAt: at + 1 })
    }
    for (const { group, valueAt } of stated) {
      const [before, length] = [original.get(group), now.get(group) ?? 0]
      if (before !== undefined && before !== length) out[valueAt] = writeLength(length, this.encoding)
    }
    return out
  }

  #findAmongMany(tag: Tag): DataElement | undefined {
    this.#byTag ??= byTagFromBehind(this.elements)
    const found = this.#byTag.get(tag)
    for (let first = found?.at(-1); first !== undefined; first = found?.at(-1)) {
      if (this.#removed?.has(first) !== true) return first
      found?.pop()
    }
    return undefined
  }

  #replace(elements: DataElement[]): void {
    this.#elements = elements
    this.#removed = undefined
    this.#byTag = undefined
  }
}

/** An item of a sequence, with its original header and delimiter. */
interface DataSetItem {
  readonly list: ElementList
  /** Works like {@link DataElement.write}. */
  write(out: Buffer[]): void
}

/** An item as it was read; `end` is its delimiter, set when it closes. */
export class ReadItem implements DataSetItem {
  readonly list: ElementList
  readonly #header: Buffer
  readonly #length: number
  end: Buffer = NO_BYTES

  constructor(header: Buffer, length: number, encoding: Encoding) {
    this.#header = header
    this.#length = length
    this.list = new ElementList(encoding)
  }

  write(out: Buffer[]): void {
    const at = out.push(this.#header)
    this.list.write(out)
    if (this.end.length > 0) out.push(this.end)
    if (this.#length === UNDEFINED_LENGTH) return
    const length = bytesOf(out, at)
    if (length !== this.#length) out[at - 1] = withLength(this.#header, undefined, length, this.list.encoding)
  }
}

/** Total length of the blocks from `from` on. */
export function bytesOf(blocks: readonly Buffer[], from = 0): number {
  let bytes = 0
  for (let i = from; i < blocks.length; i++) bytes += blocks[i]?.length ?? 0
  return bytes
}

/** Calls `visit` for each element, those in sequences before what follows; a parent comes before its items. */
export function walk(list: ElementList, visit: (element: DataElement, list: ElementList) => void): void {
  for (const element of list.elements) {
    visit(element, list)
    if (element.items !== undefined) for (const item of element.items) walk(item.list, visit)
  }
}

function newElement(tag: Tag, vr: string, holds: 'value' | 'items', encoding: Encoding): DataElement {
  const bytes = writeElementHeader(tag, vr, 0, encoding)
  const stated = encoding.explicitVr ? vr : undefined
  return new DataElement({ bytes, tag, vr: stated, length: 0, holds }, encoding, NO_BYTES)
}

function newItem(encoding: Encoding): ReadItem {
  const header = writeElementHeader(TAG.Item, '', 0, { ...encoding, explicitVr: false })
  return new ReadItem(header, 0, encoding)
}

/**
 * Groups elements by tag in reverse order, so that the first of each group is the last of its list, and is removed
 * quickly.
 */
function byTagFromBehind(elements: readonly DataElement[]): ReadonlyMap<Tag, DataElement[]> {
  const byTag = new Map<Tag, DataElement[]>()
  for (const element of elements.toReversed()) {
    const same = byTag.get(element.tag)
    if (same === undefined) byTag.set(element.tag, [element])
    else same.push(element)
  }
  return byTag
}

/** A group length does not count itself. */
function count({ tag }: DataElement, bytes: number, groups: Map<number, number>): void {
  if ((tag & 0xffff) !== 0) groups.set(tag >>> 16, (groups.get(tag >>> 16) ?? 0) + bytes)
}

const isGroupLength = ({ tag, value }: DataElement): boolean => (tag & 0xffff) === 0 && value.length === 4
