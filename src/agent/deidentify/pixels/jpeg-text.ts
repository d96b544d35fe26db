import { type FrameText, type OnUnknownForm, zeroAll } from './frame-text.ts'

const [SOI, EOI, SOS, TEM] = [0xd8, 0xd9, 0xda, 0x01]
/** Beginnings of application segments that a decoder needs, and the number of their bytes that it reads. */
const NEEDED: ReadonlyMap<number, { readonly begin: Buffer; readonly bytes: number }> = new Map([
  // JFIF's header; a thumbnail may follow (ISO/IEC 10918-5).
  [0xe0, { begin: Buffer.from('JFIF\0'), bytes: 14 }],
  // Adobe's colour transform (ISO/IEC 10918-6 §6.5.3).
  [0xee, { begin: Buffer.from('Adobe'), bytes: 12 }],
])
/** The colour transform that HP's encoder of JPEG-LS names. */
const NEEDED_IN_LS = new Map([...NEEDED, [0xe8, { begin: Buffer.from('mrfx'), bytes: 5 }]])

type State = 'start' | 'soi' | 'between' | 'marker' | 'length' | 'segment' | 'coded' | 'coded marker' | 'pass'

/**
 * Text in JPEG (ISO/IEC 10918-1) and JPEG-LS (14495-1): comments, application segments (EXIF, XMP, ICC, thumbnails), unknown
 * segments, and bytes after the end of an image. Tables, frame and scan headers stay.
 */
export class JpegText implements FrameText {
  readonly #isLs: boolean
  readonly #onUnknownForm: OnUnknownForm
  #state: State = 'start'
  #marker = 0
  /** Bytes of the length field, or of the segment, that have passed. */
  #passed = 0
  #length = 0
  /** Number of bytes at the beginning of the segment that stay. */
  #kept = 0

  constructor(isLs: boolean, onUnknownForm: OnUnknownForm) {
    this.#isLs = isLs
    this.#onUnknownForm = onUnknownForm
  }

  pass(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#state === 'pass') return
      if (this.#state === 'segment') at = this.#passSegment(bytes, at)
      else if (this.#state === 'coded') at = this.#passCoded(bytes, at)
      else if (!this.#take(bytes[at] ?? 0)) bytes[at++] = 0
      else at++
    }
  }

  /** Returns false for a byte that does not belong to the format. */
  #take(byte: number): boolean {
    switch (this.#state) {
      case 'start':
        if (byte !== 0xff) this.#unknown()
        else this.#state = 'soi'
        return true
      case 'soi':
        if (byte !== SOI) this.#unknown()
        else this.#state = 'between'
        return true
      case 'between':
        if (byte === 0xff) this.#state = 'marker'
        return byte === 0xff
      case 'marker':
        return this.#takeMarker(byte)
      case 'coded marker':
        // A stuffed byte, a fill byte or a restart belongs to the coded samples.
        if (byte === 0xff) return true
        if (this.#isLs ? byte < 0x80 : byte === 0 || isRestart(byte)) this.#state = 'coded'
        else return this.#takeMarker(byte)
        return true
      case 'length':
        this.#takeLength(byte)
        return true
      case 'segment':
      case 'coded':
      case 'pass':
        return true
    }
  }

  /** After the end of an image only another one may follow. */
  #takeMarker(byte: number): boolean {
    if (byte === 0xff) return true
    const isAlone = byte === SOI || byte === EOI || byte === TEM || isRestart(byte)
    const isOutside = this.#marker === EOI && byte !== SOI
    this.#state = isAlone || isOutside || byte === 0 ? 'between' : 'length'
    if (isOutside || byte === 0) return false
    this.#marker = byte
    this.#passed = 0
    this.#length = 0
    return true
  }

  #takeLength(byte: number): void {
    this.#length = this.#length * 256 + byte
    if (++this.#passed < 2) return
    this.#passed = 0
    this.#length = Math.max(0, this.#length - 2)
    this.#kept = isNeeded(this.#marker, this.#isLs) ? this.#neededBytes() : (this.#needed?.bytes ?? 0)
    this.#state = 'segment'
    if (this.#length === 0) this.#endSegment()
  }

  #passSegment(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#length - this.#passed)
    const begin = this.#needed?.begin
    let from = at
    while (from < end && this.#passed < this.#kept) {
      // A segment with another beginning is another application's.
      if (begin !== undefined && this.#passed < begin.length && bytes[from] !== begin[this.#passed])
        this.#kept = this.#passed
      else {
        if (begin === undefined) this.#countComponents(bytes[from] ?? 0)
        this.#passed++
        from++
      }
    }
    zeroAll(bytes, from, end)
    this.#passed += end - from
    if (this.#passed === this.#length) this.#endSegment()
    return end
  }

  /**
   * Returns the needed bytes of a segment according to its marker; {@link #countComponents} adds those that depend on
   * its content.
   */
  #neededBytes(): number {
    return Math.min(
      this.#length,
      FIXED_BYTES.get(this.#marker) ?? (isFrameHeader(this.#marker) ? 6 : this.#length),
    )
  }

  /** A frame header has its number of components in its 6th byte, a scan header in its first (§B.2.2, §B.2.3). */
  #countComponents(byte: number): void {
    if (this.#passed === 0 && this.#marker === SOS) this.#kept = 4 + 2 * byte
    if (this.#passed === 5 && isFrameHeader(this.#marker)) this.#kept = 6 + 3 * byte
  }

  #endSegment(): void {
    this.#state = this.#marker === SOS ? 'coded' : 'between'
  }

  #passCoded(bytes: Buffer, at: number): number {
    const marker = bytes.indexOf(0xff, at)
    if (marker === -1) return bytes.length
    this.#state = 'coded marker'
    return marker + 1
  }

  get #needed(): { readonly begin: Buffer; readonly bytes: number } | undefined {
    return (this.#isLs ? NEEDED_IN_LS : NEEDED).get(this.#marker)
  }

  #unknown(): void {
    this.#state = 'pass'
    this.#onUnknownForm('its frames do not begin as JPEG does, although its transfer syntax says so')
  }
}

/** Define restart interval, define number of lines, expand reference components; a scan header up to its count. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [0xdd, 4],
  [0xdc, 2],
  [0xdf, 1],
  [SOS, 1],
])

/** SOF0 to SOF15 without the tables among them, DHP; the frame header of JPEG-LS. */
const isFrameHeader = (marker: number): boolean =>
  (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) ||
  marker === 0xde ||
  marker === 0xf7

const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7

/** Frame headers, tables, scan headers, restart interval; in JPEG-LS also its own frame header and parameters. */
const isNeeded = (marker: number, isLs: boolean): boolean =>
  (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8) ||
  (marker >= SOS && marker <= 0xdf) ||
  (isLs && (marker === 0xf7 || marker === 0xf8))
