import type { FrameText, OnUnknownForm } from './frame-text.ts'

type VideoCoding = 'MPEG-2' | 'H.264' | 'HEVC'

/** A unit of a video stream, by the byte after its start code. */
type Unit = 'kept' | 'text' | 'messages' | 'foreign'

/** Messages that a decoder may need (ISO/IEC 14496-10 Annex D, 23008-2 Annex D): timing, recovery, layout, colour. */
const NUMBERED_MESSAGES: ReadonlySet<number> = new Set([0, 1, 2, 6, 9, 19, 45, 47, 129, 130, 132, 137, 144])
const USER_DATA = 0xb2
/** Codes of MPEG-2 that are reserved, or that have no content: an error, the end of a sequence. */
const WITHOUT_CONTENT: ReadonlySet<number> = new Set([0xb0, 0xb1, 0xb4, 0xb6, 0xb7])
const BLANK = 0x20

/**
 * Text in a bare video stream: user data of MPEG-2 (ISO/IEC 13818-2 §6.3.4), messages of H.264 and HEVC (SEI, with user
 * data), filler and unknown units. A stream in a container (MP4, transport or program stream) has another form: it may
 * contain titles, places and speech.
 *
 * Zeros stay zeros, so that no start code arises and every byte that prevents one (00 00 03) keeps its meaning.
 */
export class VideoText implements FrameText {
  readonly #coding: VideoCoding
  readonly #onUnknownForm: OnUnknownForm
  #isBegun = false
  #isPassed = false
  #zeros = 0
  /** True: the next byte follows a start code. */
  #isAtUnit = false
  #unit: Unit = 'kept'
  /**
   * State of a unit of messages: remaining bytes of its header, then type and size of the message, then its content.
   */
  #headerBytes = 0
  #field: 'type' | 'size' | 'content' = 'type'
  #type = 0
  #size = 0

  constructor(coding: VideoCoding, onUnknownForm: OnUnknownForm) {
    this.#coding = coding
    this.#onUnknownForm = onUnknownForm
  }

  pass(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.#isPassed; at++) {
      const byte = bytes[at] ?? 0
      if (this.#isAtUnit) this.#beginUnit(byte)
      else if (byte === 1 && this.#zeros >= 2) this.#isAtUnit = this.#isBegun = true
      else if (byte !== 0 && !this.#isBegun) this.#unknown()
      else if (this.#unit !== 'kept') bytes[at] = this.#inUnit(byte)
      this.#zeros = byte === 0 ? this.#zeros + 1 : 0
    }
  }

  #beginUnit(first: number): void {
    this.#isAtUnit = false
    this.#unit = UNITS[this.#coding](first)
    this.#headerBytes = this.#coding === 'HEVC' ? 1 : 0
    this.#field = 'type'
    this.#type = this.#size = 0
    if (this.#unit === 'foreign') this.#unknown()
  }

  #inUnit(byte: number): number {
    const isEscape = byte === 3 && this.#zeros >= 2 && this.#coding !== 'MPEG-2'
    if (isEscape) return byte
    if (this.#headerBytes > 0) {
      this.#headerBytes--
      return byte
    }
    const isContent = this.#unit === 'text' || this.#takeMessage(byte)
    return isContent && byte !== 0 ? BLANK : byte
  }

  /** Returns true for a byte of a message that may be text. */
  #takeMessage(byte: number): boolean {
    if (this.#field === 'content') {
      const mayBeText = !NUMBERED_MESSAGES.has(this.#type)
      if (--this.#size === 0) this.#nextMessage()
      return mayBeText
    }
    if (this.#field === 'type') {
      this.#type += byte
      if (byte !== 0xff) this.#field = 'size'
      return false
    }
    this.#size += byte
    if (byte !== 0xff && this.#size > 0) this.#field = 'content'
    else if (byte !== 0xff) this.#nextMessage()
    return false
  }

  #nextMessage(): void {
    this.#field = 'type'
    this.#type = this.#size = 0
  }

  #unknown(): void {
    this.#isPassed = true
    this.#onUnknownForm(
      `its video is not a bare ${this.#coding} stream; one in a container may hold titles, places and speech`,
    )
  }
}

const UNITS: Readonly<Record<VideoCoding, (first: number) => Unit>> = {
  'MPEG-2': (code) => {
    if (code === USER_DATA || WITHOUT_CONTENT.has(code)) return 'text'
    return code >= 0xb9 ? 'foreign' : 'kept'
  },
  'H.264': (first) => {
    const type = first & 0x1f
    if (first >= 0x80) return 'foreign'
    if (type === 6) return 'messages'
    return (type >= 1 && type <= 9) || (type >= 13 && type <= 15) || type === 19 || type === 20
      ? 'kept'
      : 'text'
  },
  HEVC: (first) => {
    const type = (first >>> 1) & 0x3f
    if (first >= 0x80) return 'foreign'
    if (type === 39 || type === 40) return 'messages'
    return type <= 9 || (type >= 16 && type <= 21) || (type >= 32 && type <= 35) ? 'kept' : 'text'
  },
}
