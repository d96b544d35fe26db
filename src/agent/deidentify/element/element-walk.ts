import { attributeOf } from '../../../dicom/vocabulary/attribute.ts'
import { PIXEL_DATA } from '../../../dicom/vocabulary/pixel-data.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'

/** An element of the data set itself, after it has passed. */
export interface WalkedElement {
  readonly tag: number
  /** Number of bytes of a plain value, or of all fragments of encapsulated data. */
  bytes: number
  /** Items of encapsulated data, the offset table included; undefined for anything else. */
  fragments: number | undefined
  /** The first bytes of a plain value, at most 128. */
  value: Buffer
  /** Number of times that the data set has this element. The first one counts, as for most readers. */
  times: number
}

interface ElementWalkOptions {
  /** The transfer syntax of the inflated data set. */
  readonly transferSyntaxUid: string
  /** Called with the tag of each element of the data set itself, as it begins. Returns true to ask for the element. */
  readonly begins: (tag: number) => boolean
  /** Called with each requested element, after it has passed. */
  readonly passed: (element: WalkedElement) => void
}

interface Level {
  readonly holds: 'elements' | 'items' | 'fragments'
  /** The end by its length; infinite if a delimiter ends it. */
  readonly end: number
  /** The latest possible end, since an enclosing sequence or item ends there. */
  readonly limit: number
  readonly explicitVr: boolean
  readonly bigEndian: boolean
  /** True for items in UN or implicit VR: some devices write explicit VR inside, which the first element shows. */
  readonly isUnsure: boolean
  /** The previous tag, since tags must ascend in a data set and in each item (PS3.5 §7.1). */
  lastTag: number
}

const IMPLICIT = '1.2.840.10008.1.2'
const BIG_ENDIAN = '1.2.840.10008.1.2.2'
const UNDEFINED = 0xffff_ffff
const DEEPEST = 128
const KEPT_BYTES = 128
/** Values share one piece of memory: separate ones would cost more than the walk. */
const ARENA_BYTES = 1024
const NOTHING = Buffer.alloc(0)

const codeOf = (vr: string): number => vr.charCodeAt(0) * 256 + vr.charCodeAt(1)
const codesOf = (vrs: string): readonly number[] => vrs.split(' ').map(codeOf)
const [SHORT, LONG, BYTES] = [1, 2, 3]
/**
 * Indexed by the two letters of a VR: the form of its length, and whether it may be encapsulated. 0 for letters that
 * are not a VR.
 */
const VRS = new Uint8Array(0x1_0000)
for (const code of codesOf('AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US'))
  VRS[code] = SHORT
for (const code of codesOf('SQ SV UC UN UR UT UV')) VRS[code] = LONG
for (const code of codesOf('OB OD OF OL OV OW')) VRS[code] = BYTES
const [SQ, UN, NO_VR] = [codeOf('SQ'), codeOf('UN'), 0]

/**
 * Walks over a data set as it streams past, and reports the elements of the data set itself. It is a second reading,
 * independent of the one that edits (DataSetReader): it shares only the names of PS3.6, and so finds the mistakes of
 * the first. Memory is bounded: it holds at most a header and 128 bytes.
 */
export class ElementWalk {
  readonly #options: ElementWalkOptions
  readonly #root: Level
  readonly #levels: Level[]
  #level: Level
  #held: Buffer = NOTHING
  #offset = 0
  #skip = 0
  #element: WalkedElement | undefined
  #arena = NOTHING
  #arenaUsed = 0
  #inPadding = false
  #fault: string | undefined
  #disorder = 0

  constructor(options: ElementWalkOptions) {
    const explicitVr = options.transferSyntaxUid !== IMPLICIT
    const bigEndian = options.transferSyntaxUid === BIG_ENDIAN
    this.#options = options
    this.#root = {
      holds: 'elements',
      end: Infinity,
      limit: Infinity,
      explicitVr,
      bigEndian,
      isUnsure: false,
      lastTag: -1,
    }
    this.#level = this.#root
    this.#levels = [this.#root]
  }

  /** Number of elements whose tag is not above the previous one, in the data set and in its items. */
  get disorder(): number {
    return this.#disorder
  }

  push(chunk: Buffer): void {
    if (this.#fault !== undefined || this.#inPadding) return
    if (this.#skip > chunk.length && this.#element === undefined) {
      this.#skip -= chunk.length
      this.#offset += chunk.length
      return
    }
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = NOTHING
    let at = 0
    for (;;) {
      if (this.#skip > 0) {
        at += this.#skipIn(bytes, at)
        if (this.#skip > 0) return
      }
      const taken = this.#step(bytes, at)
      if (taken === 0) break
      at += taken
    }
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at))
  }

  /** Returns the reason why the bytes are not a whole data set, or undefined if they are one. Zeros may follow if `allowsPadding`. */
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
    const element = this.#element
    if (element !== undefined && this.#levels.length === 1 && element.value.length < KEPT_BYTES)
      this.#keep(element, bytes, at, Math.min(taken, KEPT_BYTES - element.value.length))
    this.#skip -= taken
    this.#offset += taken
    if (this.#skip === 0 && this.#levels.length === 1) this.#endElement()
    return taken
  }

  #keep(element: WalkedElement, bytes: Buffer, at: number, count: number): void {
    const before = element.value.length
    if (this.#arenaUsed + count > this.#arena.length || before > 0) {
      this.#arena = Buffer.allocUnsafe(ARENA_BYTES)
      this.#arenaUsed = element.value.copy(this.#arena)
    }
    const end = this.#arenaUsed + bytes.copy(this.#arena, this.#arenaUsed, at, at + count)
    element.value = this.#arena.subarray(this.#arenaUsed - before, end)
    this.#arenaUsed = end
  }

  /** Returns the number of bytes consumed; 0 if it needs more or found a fault. */
  #step(bytes: Buffer, at: number): number {
    while (this.#level.end === this.#offset) this.#pop()
    const level = this.#level
    if (level.limit < this.#offset) return this.#fail('an element that reaches over the end of its sequence')
    if (bytes.length < at + 8) return 0
    const tag = tagAt(bytes, at, level.bigEndian)
    if (tag === 0 && this.#levels.length === 1 && bytes.readUInt32LE(at + 4) === 0) {
      this.#inPadding = true
      return 0
    }
    return level.holds === 'elements'
      ? this.#takeElement(bytes, at, tag, level)
      : this.#takeItem(bytes, at, tag, level)
  }

  #takeItem(bytes: Buffer, at: number, tag: number, level: Level): number {
    const length = longAt(bytes, at + 4, level.bigEndian)
    if (tag === TAG.SequenceDelimitationItem) return this.#close(level)
    if (tag !== TAG.Item) return this.#fail('something else where an item belongs')
    if (level.holds === 'fragments') return this.#takeFragment(length, level)
    let { explicitVr } = level
    if (level.isUnsure && length >= 8) {
      if (bytes.length < at + 16) return 0
      explicitVr = (VRS[bytes.readUInt16BE(at + 12)] ?? 0) > 0
    }
    this.#offset += 8
    const { bigEndian, isUnsure } = level
    return this.#open('elements', length, explicitVr, bigEndian, isUnsure) ? 8 : 0
  }

  #takeFragment(length: number, level: Level): number {
    if (length === UNDEFINED) return this.#fail('a fragment without a length')
    this.#offset += 8
    if (this.#offset + length > level.limit) return this.#fail('a fragment longer than what it is in')
    if (this.#element !== undefined && this.#levels.length === 2) {
      this.#element.fragments = (this.#element.fragments ?? 0) + 1
      this.#element.bytes += length
    }
    this.#skip = length
    return 8
  }

  #takeElement(bytes: Buffer, at: number, tag: number, level: Level): number {
    if (tag === TAG.ItemDelimitationItem && this.#levels.length > 1) return this.#close(level)
    if (tag >= 0xfffe_0000) return this.#takeOdd(tag)
    const vr = level.explicitVr ? bytes.readUInt16BE(at + 4) : NO_VR
    const kind = VRS[vr] ?? 0
    const taken = vr === NO_VR || kind === SHORT ? 8 : 12
    if (bytes.length < at + taken) return 0
    if (level.explicitVr && kind === 0 && !isTwoLetters(vr)) return this.#fail('an element without a VR')
    const isShort = kind === SHORT
    const lengthAt = vr === NO_VR ? at + 4 : at + taken - (isShort ? 2 : 4)
    const length = isShort
      ? shortAt(bytes, lengthAt, level.bigEndian)
      : longAt(bytes, lengthAt, level.bigEndian)
    const holds = this.#contentOf(tag, vr, length, bytes, at + taken)
    if (holds === undefined) return 0
    this.#offset += taken
    if (tag <= level.lastTag) this.#disorder++
    level.lastTag = tag
    if (this.#levels.length === 1 && this.#options.begins(tag))
      this.#element = { tag, bytes: 0, fragments: undefined, value: NOTHING, times: 1 }
    if (holds === 'value') return this.#beginValue(length, level) ? taken : 0
    const isImplicit = vr === UN
    const explicitVr = level.explicitVr && !isImplicit
    const bigEndian = level.bigEndian && !isImplicit
    return this.#open(holds, length, explicitVr, bigEndian, vr !== SQ) ? taken : 0
  }

  #takeOdd(tag: number): number {
    const isDelimiter =
      tag === TAG.Item || tag === TAG.ItemDelimitationItem || tag === TAG.SequenceDelimitationItem
    return this.#fail(
      isDelimiter ? 'a delimiter where an element belongs' : 'an unknown element of group FFFE',
    )
  }

  /** Returns undefined until the deciding bytes have arrived. */
  #contentOf(
    tag: number,
    vr: number,
    length: number,
    bytes: Buffer,
    valueAt: number,
  ): 'value' | 'items' | 'fragments' | undefined {
    if (length === UNDEFINED) return PIXEL_DATA.has(tag) || VRS[vr] === BYTES ? 'fragments' : 'items'
    if (vr === SQ) return 'items'
    if ((vr !== NO_VR && vr !== UN) || length < 8) return 'value'
    if (attributeOf(tag)?.vrs.includes('SQ') !== true) return 'value'
    if (bytes.length < valueAt + 8) return undefined
    return tagAt(bytes, valueAt, vr === NO_VR && this.#level.bigEndian) === TAG.Item ? 'items' : 'value'
  }

  #beginValue(length: number, level: Level): boolean {
    if (this.#offset + length > level.limit) return this.#fail('an element longer than its sequence') > 0
    this.#skip = length
    if (this.#levels.length > 1) return true
    if (this.#element !== undefined) this.#element.bytes = length
    if (length === 0) this.#endElement()
    return true
  }

  #endElement(): void {
    if (this.#element === undefined) return
    this.#options.passed(this.#element)
    this.#element = undefined
  }

  #open(
    holds: Level['holds'],
    length: number,
    explicitVr: boolean,
    bigEndian: boolean,
    isUnsure: boolean,
  ): boolean {
    const around = this.#level.limit
    const end = length === UNDEFINED ? Infinity : this.#offset + length
    if (this.#levels.length > DEEPEST) return this.#fail('sequences too deep in one another') > 0
    if (end !== Infinity && end > around) return this.#fail('an item longer than its sequence') > 0
    this.#level = { holds, end, limit: Math.min(end, around), explicitVr, bigEndian, isUnsure, lastTag: -1 }
    this.#levels.push(this.#level)
    return true
  }

  #close(level: Level): number {
    this.#offset += 8
    if (level.end !== Infinity && level.end !== this.#offset) return this.#fail('an early delimiter')
    this.#pop()
    return 8
  }

  #pop(): void {
    this.#levels.pop()
    this.#level = this.#levels.at(-1) ?? this.#root
    if (this.#levels.length === 1) this.#endElement()
  }

  #fail(fault: string): 0 {
    this.#fault ??= fault
    return 0
  }
}

const isTwoLetters = (code: number): boolean => isLetter(code >>> 8) && isLetter(code & 0xff)

const isLetter = (byte: number): boolean => byte >= 0x41 && byte <= 0x5a

function tagAt(bytes: Buffer, at: number, bigEndian: boolean): number {
  return bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt16LE(at) * 0x1_0000 + bytes.readUInt16LE(at + 2)
}

const shortAt = (bytes: Buffer, at: number, bigEndian: boolean): number =>
  bigEndian ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at)

const longAt = (bytes: Buffer, at: number, bigEndian: boolean): number =>
  bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)
