import { blankAll, type FrameText, type OnUnknownForm, zeroAll } from './frame-text.ts'

const [SOC, SOT, SOD, EOC, COM] = [0x4f, 0x90, 0x93, 0xd9, 0x64]
/** Segments of numbers (ISO/IEC 15444-1 Table A.2, 15444-2, 15444-15). */
const NUMBERS: ReadonlySet<number> = new Set([
  0x50,
  0x51,
  0x52,
  0x53,
  0x55,
  0x56,
  0x57,
  0x58,
  0x59,
  0x5c,
  0x5d,
  0x5e,
  0x5f,
  0x60,
  0x61,
  0x63,
  0x72,
  0x73,
  0x74,
  0x75,
  0x76,
  0x77,
  0x78,
  0x79,
  SOT,
])
/** Boxes of numbers (ISO/IEC 15444-1 Annex I), with the bytes of each that stay: of a colour all but its ICC profile. */
const BOXES: ReadonlyMap<string, number> = new Map([
  ['jP  ', 4],
  ['ftyp', 64],
  ['ihdr', 14],
  ['bpcc', 1024],
  ['pclr', 65_536],
  ['cmap', 65_536],
  ['cdef', 65_536],
  ['res ', 64],
  ['colr', 7],
])
const SIGNATURE = 'jP  '

type State =
  | 'start'
  | 'soc'
  | 'between'
  | 'marker'
  | 'length'
  | 'segment'
  | 'coded'
  | 'coded to the end'
  | 'last marker'
  | 'after'
  | 'box'
  | 'in box'
  | 'pass'

/**
 * Text in JPEG 2000 (ISO/IEC 15444-1) and related formats: comments, unknown segments, and bytes after the end. If a
 * device wrote the file format around the codestream, against PS3.5 §8.2.4: also its boxes of text (XML, EXIF, UUID,
 * ICC).
 */
export class Jpeg2000Text implements FrameText {
  readonly #onUnknownForm: OnUnknownForm
  #state: State = 'start'
  #marker = 0
  #passed = 0
  #length = 0
  #kept = 0
  /** Bytes since the tile-part began, and its length; 0 means up to the end. */
  #inTile = 0
  #tileBytes = 0
  #boxHeader = ''
  /** Boxes of the file format so far. */
  #boxes = 0

  constructor(onUnknownForm: OnUnknownForm) {
    this.#onUnknownForm = onUnknownForm
  }

  /** After a codestream in the file format, the next frame begins with boxes again. */
  beginFragment(): void {
    if (this.#state !== 'after' || this.#boxes === 0) return
    this.#state = 'start'
    this.#boxes = 0
  }

  pass(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const before = at
      if (this.#state === 'pass') return
      if (this.#state === 'segment') at = this.#passSegment(bytes, at)
      else if (this.#state === 'in box') at = this.#passBox(bytes, at)
      else if (this.#state === 'coded') at = this.#passCoded(bytes, at)
      else if (this.#state === 'coded to the end') at = this.#passLast(bytes, at)
      else if (!this.#take(bytes[at] ?? 0)) bytes[at++] = 0
      else at++
      this.#inTile += at - before
    }
  }

  /** Returns false for a byte that does not belong to the format. */
  #take(byte: number): boolean {
    switch (this.#state) {
      case 'start':
        if (byte === 0) return this.#takeBoxHeader(byte)
        return this.#expect(byte, 0xff, 'soc')
      case 'soc':
        return this.#expect(byte, SOC, 'between')
      case 'between':
      case 'after':
        if (byte !== 0xff) this.#state = 'after'
        else this.#state = this.#state === 'after' ? 'last marker' : 'marker'
        return byte === 0xff
      case 'last marker':
        // After the end only another codestream may begin; within the last tile-part, only its end.
        if (byte === SOC) this.#state = 'between'
        else this.#state = 'after'
        return byte === SOC
      case 'marker':
        return this.#takeMarker(byte)
      case 'length':
        this.#takeLength(byte)
        return true
      case 'box':
        return this.#takeBoxHeader(byte)
      case 'segment':
      case 'coded':
      case 'coded to the end':
      case 'in box':
      case 'pass':
        return true
    }
  }

  #expect(byte: number, expected: number, next: State): true {
    if (byte !== expected) return this.#unknown()
    this.#state = next
    return true
  }

  #takeMarker(byte: number): boolean {
    this.#marker = byte
    this.#passed = 0
    this.#length = 0
    if (byte === SOT) {
      this.#inTile = 1
      this.#tileBytes = 0
    }
    if (byte === EOC) this.#state = 'after'
    else if (byte === SOD) this.#state = this.#tileBytes === 0 ? 'coded to the end' : 'coded'
    else this.#state = byte === SOC || (byte >= 0x30 && byte <= 0x3f) ? 'between' : 'length'
    return true
  }

  #takeLength(byte: number): void {
    this.#length = this.#length * 256 + byte
    if (++this.#passed < 2) return
    this.#passed = 0
    this.#length = Math.max(0, this.#length - 2)
    // A comment says first whether it is text.
    this.#kept = this.#marker === COM ? 2 : NUMBERS.has(this.#marker) ? this.#length : 0
    this.#state = this.#length === 0 ? 'between' : 'segment'
  }

  #passSegment(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#length - this.#passed)
    const from = Math.min(end, at + Math.max(0, this.#kept - this.#passed))
    // The length of a tile-part is in bytes 2 to 5 of its header (§A.4.2).
    if (this.#marker === SOT) {
      for (let i = at; i < end; i++) {
        const place = this.#passed + i - at
        if (place >= 2 && place < 6) this.#tileBytes = this.#tileBytes * 256 + (bytes[i] ?? 0)
      }
    }
    blankAll(bytes, from, end)
    this.#passed += end - at
    if (this.#passed === this.#length) this.#state = 'between'
    return end
  }

  #passCoded(bytes: Buffer, at: number): number {
    const left = this.#tileBytes - this.#inTile
    if (left <= 0) this.#state = 'between'
    const taken = Math.max(0, Math.min(left, bytes.length - at))
    if (taken === left) this.#state = 'between'
    return at + taken
  }

  /** The last tile-part may reach up to the end marker, which coded samples do not contain (§A.1.4). */
  #passLast(bytes: Buffer, at: number): number {
    if (this.#marker === 0xff) {
      this.#marker = bytes[at] === 0xff ? 0xff : 0
      if (bytes[at] === EOC) this.#state = 'after'
      return at + 1
    }
    const marker = bytes.indexOf(0xff, at)
    if (marker === -1) return bytes.length
    this.#marker = 0xff
    return marker + 1
  }

  #takeBoxHeader(byte: number): true {
    this.#state = 'box'
    this.#boxHeader += String.fromCharCode(byte)
    const header = Buffer.from(this.#boxHeader, 'latin1')
    if (header.length < 8) return true
    if (this.#boxes === 0 && header.toString('latin1', 4, 8) !== SIGNATURE) return this.#unknown()
    const stated = header.readUInt32BE(0)
    if (stated === 1 && header.length < 16) return true
    const length = stated === 1 ? Number(header.readBigUInt64BE(8)) : stated
    this.#beginBox(header.toString('latin1', 4, 8), length === 0 ? Infinity : length - header.length)
    return true
  }

  #beginBox(type: string, length: number): void {
    this.#boxHeader = ''
    this.#boxes++
    this.#passed = 0
    this.#length = Math.max(0, length)
    this.#kept = BOXES.get(type) ?? 0
    if (type === 'jp2c') this.#state = 'start'
    // The header is a box of boxes.
    else if (type === 'jp2h' || this.#length === 0) this.#state = 'box'
    else this.#state = 'in box'
  }

  #passBox(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#length - this.#passed)
    const from = Math.min(end, at + Math.max(0, this.#kept - this.#passed))
    zeroAll(bytes, from, end)
    this.#passed += end - at
    if (this.#passed === this.#length) this.#state = 'box'
    return end
  }

  #unknown(): true {
    this.#state = 'pass'
    this.#onUnknownForm('its frames do not begin as JPEG 2000 does, although its transfer syntax says so')
    return true
  }
}
