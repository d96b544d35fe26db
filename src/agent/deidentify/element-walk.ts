import { attributeOf } from '../../dicom/attribute.ts'

/** An element of the data set itself, as it was passed. */
export interface WalkedElement {
  readonly tag: number
  /** Bytes of a plain value; of encapsulated data, those in all fragments. */
  bytes: number
  /** Items of encapsulated data, the offset table included; undefined for anything else. */
  fragments: number | undefined
  /** The first bytes of a plain value, at most 128. */
  value: Buffer
}

interface Level {
  readonly holds: 'elements' | 'items' | 'fragments'
  /** Where it ends by its length; infinite if a delimiter ends it. */
  readonly end: number
  readonly explicitVr: boolean
  readonly bigEndian: boolean
  /** Items in UN or implicit VR: some devices write explicit VR inside, which the first element shows. */
  readonly isUnsure: boolean
}

const IMPLICIT = '1.2.840.10008.1.2'
const BIG_ENDIAN = '1.2.840.10008.1.2.2'
const UNDEFINED = 0xffff_ffff
const [ITEM, ITEM_END, SEQUENCE_END] = [0xfffe_e000, 0xfffe_e00d, 0xfffe_e0dd]
const LONG = new Set('OB OD OF OL OV OW SQ SV UC UN UR UT UV'.split(' '))
const SHORT = new Set('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'.split(' '))
const BYTES = new Set(['OB', 'OD', 'OF', 'OL', 'OV', 'OW'])
const PIXELS = new Set([0x7fe0_0008, 0x7fe0_0009, 0x7fe0_0010])
const DEEPEST = 64
const KEPT_BYTES = 128
const NOTHING = Buffer.alloc(0)

/**
 * Walks over a data set as it streams by, and tells of each element of the data set itself once it has passed. It is a second
 * reading beside the one that edits (DataSetReader), shares nothing with it but the names of PS3.6, and so finds what that one
 * gets wrong. Memory is bounded: a header and 128 bytes are held at most.
 */
export class ElementWalk {
  readonly #onElement: (element: WalkedElement) => void
  readonly #root: Level
  readonly #levels: Level[]
  #held: Buffer = NOTHING
  #offset = 0
  #skip = 0
  #element: WalkedElement | undefined
  #inPadding = false
  #fault: string | undefined

  /** @param transferSyntaxUid of the inflated data set */
  constructor(transferSyntaxUid: string, onElement: (element: WalkedElement) => void) {
    const explicitVr = transferSyntaxUid !== IMPLICIT
    const bigEndian = transferSyntaxUid === BIG_ENDIAN
    this.#onElement = onElement
    this.#root = { holds: 'elements', end: Infinity, explicitVr, bigEndian, isUnsure: false }
    this.#levels = [this.#root]
  }

  push(chunk: Buffer): void {
    if (this.#fault !== undefined || this.#inPadding) return
    const skipped = this.#skipIn(chunk, 0)
    if (skipped === chunk.length && this.#skip > 0) return
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    let at = this.#held.length === 0 ? skipped : 0
    this.#held = NOTHING
    for (;;) {
      if (this.#skip > 0) at += this.#skipIn(bytes, at)
      if (this.#skip > 0) return
      const taken = this.#step(bytes, at)
      if (taken === undefined) break
      at += taken
    }
    this.#held = Buffer.from(bytes.subarray(at))
  }

  /** Returns why the bytes are no whole data set, undefined if they are one. Zeros may follow where `allowsPadding`. */
  finish(allowsPadding: boolean): string | undefined {
    if (this.#fault !== undefined) return this.#fault
    if (this.#inPadding || this.#held.length > 0) {
      const isPadding =
        this.#levels.length === 1 && (this.#inPadding || this.#held.every((byte) => byte === 0))
      if (!allowsPadding || !isPadding) return 'bytes after its last element'
    }
    return this.#skip > 0 || this.#levels.length > 1 ? 'an end in the middle of an element' : undefined
  }

  #skipIn(bytes: Buffer, at: number): number {
    const taken = Math.min(this.#skip, bytes.length - at)
    if (taken === 0) return 0
    const element = this.#element
    if (element !== undefined && this.#levels.length === 1 && element.value.length < KEPT_BYTES) {
      const more = bytes.subarray(at, at + Math.min(taken, KEPT_BYTES - element.value.length))
      element.value = element.value.length === 0 ? Buffer.from(more) : Buffer.concat([element.value, more])
    }
    this.#skip -= taken
    this.#offset += taken
    if (this.#skip === 0) this.#endValue()
    return taken
  }

  /** Returns how many bytes it took, undefined if it needs more or found a fault. */
  #step(bytes: Buffer, at: number): number | undefined {
    while (this.#levels.length > 1 && this.#level.end === this.#offset) this.#pop()
    const { holds, bigEndian } = this.#level
    if (this.#level.end < this.#offset)
      return this.#fail('an element that reaches over the end of its sequence')
    if (bytes.length < at + 8) return undefined
    const tag = tagAt(bytes, at, bigEndian)
    if (this.#levels.length === 1 && tag === 0 && bytes.readUInt32LE(at + 4) === 0) {
      this.#inPadding = true
      return undefined
    }
    const taken = holds === 'elements' ? this.#takeElement(bytes, at, tag) : this.#takeItem(bytes, at, tag)
    return taken
  }

  #takeItem(bytes: Buffer, at: number, tag: number): number | undefined {
    const level = this.#level
    const length = longAt(bytes, at + 4, level.bigEndian)
    if (tag === SEQUENCE_END) return this.#close(level)
    if (tag !== ITEM) return this.#fail('something else where an item belongs')
    if (level.holds === 'fragments') {
      if (length === UNDEFINED) return this.#fail('a fragment without a length')
      this.#offset += 8
      if (this.#element !== undefined && this.#levels.length === 2) {
        this.#element.fragments = (this.#element.fragments ?? 0) + 1
        this.#element.bytes += length
      }
      this.#skip = length
      return 8
    }
    let { explicitVr } = level
    if (level.isUnsure && length >= 8) {
      if (bytes.length < at + 16) return undefined
      const vr = bytes.toString('latin1', at + 12, at + 14)
      explicitVr = SHORT.has(vr) || LONG.has(vr)
    }
    this.#offset += 8
    return this.#open({ ...level, holds: 'elements', end: this.#endAfter(length), explicitVr })
      ? 8
      : undefined
  }

  #takeElement(bytes: Buffer, at: number, tag: number): number | undefined {
    const level = this.#level
    if (tag === ITEM_END && this.#levels.length > 1) return this.#close(level)
    if (tag >>> 16 === 0xfffe) return this.#fail('a delimiter where an element belongs')
    let [vr, length, taken] = ['', 0, 8]
    if (level.explicitVr) {
      vr = bytes.toString('latin1', at + 4, at + 6)
      taken = SHORT.has(vr) ? 8 : 12
      if (!/^[A-Z]{2}$/.test(vr)) return this.#fail('an element without a VR')
      if (bytes.length < at + taken) return undefined
      length = taken === 8 ? shortAt(bytes, at + 6, level.bigEndian) : longAt(bytes, at + 8, level.bigEndian)
    } else length = longAt(bytes, at + 4, level.bigEndian)
    const holds = this.#contentOf(tag, vr, length, bytes.subarray(at + taken))
    if (holds === undefined) return undefined
    this.#offset += taken
    if (this.#levels.length === 1) this.#element = { tag, bytes: 0, fragments: undefined, value: NOTHING }
    if (holds === 'value') return this.#beginValue(length) ? taken : undefined
    const isUnsure = vr !== 'SQ'
    const inside = vr === 'UN' ? { explicitVr: false, bigEndian: false } : level
    const { explicitVr, bigEndian } = inside
    const opened = { holds, end: this.#endAfter(length), explicitVr, bigEndian, isUnsure } as const
    return this.#open(opened) ? taken : undefined
  }

  /** Undefined while the bytes that tell have not come. */
  #contentOf(
    tag: number,
    vr: string,
    length: number,
    value: Buffer,
  ): 'value' | Exclude<Level['holds'], 'elements'> | undefined {
    if (length === UNDEFINED) return PIXELS.has(tag) || BYTES.has(vr) ? 'fragments' : 'items'
    if (vr === 'SQ') return 'items'
    const mayHold =
      (vr === '' || vr === 'UN') && length >= 8 && (attributeOf(tag)?.vrs.includes('SQ') ?? false)
    if (!mayHold) return 'value'
    if (value.length < 8) return undefined
    return tagAt(value, 0, vr === '' && this.#level.bigEndian) === ITEM ? 'items' : 'value'
  }

  #beginValue(length: number): boolean {
    if (this.#element !== undefined && this.#levels.length === 1) this.#element.bytes = length
    if (this.#offset + length > this.#limit())
      return this.#fail('an element longer than its sequence') !== undefined
    this.#skip = length
    if (length === 0) this.#endValue()
    return true
  }

  #endValue(): void {
    if (this.#levels.length === 1) this.#endElement()
  }

  #endElement(): void {
    if (this.#element !== undefined) this.#onElement(this.#element)
    this.#element = undefined
  }

  #open(level: Level): boolean {
    if (this.#levels.length > 2 * DEEPEST)
      return this.#fail('sequences too deep in one another') !== undefined
    if (Number.isFinite(level.end) && level.end > this.#limit())
      return this.#fail('an item longer than its sequence') !== undefined
    this.#levels.push(level)
    return true
  }

  #close(level: Level): number | undefined {
    this.#offset += 8
    if (Number.isFinite(level.end) && level.end !== this.#offset) return this.#fail('an early delimiter')
    this.#pop()
    return 8
  }

  #pop(): void {
    this.#levels.pop()
    if (this.#levels.length === 1) this.#endElement()
  }

  #endAfter(length: number): number {
    return length === UNDEFINED ? Infinity : this.#offset + length
  }

  #limit(): number {
    return Math.min(...this.#levels.map(({ end }) => end))
  }

  get #level(): Level {
    return this.#levels.at(-1) ?? this.#root
  }

  #fail(fault: string): undefined {
    this.#fault ??= fault
    return undefined
  }
}

function tagAt(bytes: Buffer, at: number, bigEndian: boolean): number {
  return bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt16LE(at) * 0x1_0000 + bytes.readUInt16LE(at + 2)
}

const shortAt = (bytes: Buffer, at: number, bigEndian: boolean): number =>
  bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at)

const longAt = (bytes: Buffer, at: number, bigEndian: boolean): number =>
  bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)
