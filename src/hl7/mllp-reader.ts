import { Failure } from '../platform/failure.ts'

/** The bytes around a message (HL7 v2.5.1 Appendix C, minimal lower layer protocol). GB18030 and UTF-8 contain none of them. */
const BLOCK_START = 0x0b
const BLOCK_END = 0x1c
const CR = 0x0d
const LF = 0x0a

/** Puts the frame around a message. */
export function mllpFrame(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(BLOCK_START), message, Buffer.of(BLOCK_END, CR)])
}

/**
 * Finds the messages in a stream of bytes. Line ends between messages are skipped. Throws PROTOCOL_VIOLATION for other
 * bytes between messages, for a message inside a message, and for one beyond the limit; the stream is then useless.
 */
export class MllpReader {
  readonly #limitBytes: number
  readonly #pieces: Buffer[] = []
  #length = 0
  #isInside = false

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** True while a message has begun and not ended. */
  get isInside(): boolean {
    return this.#isInside
  }

  /** Returns the messages that these bytes complete, without their frames. */
  push(chunk: Buffer): Buffer[] {
    const whole: Buffer[] = []
    for (let at = 0; at < chunk.length; ) {
      if (this.#isInside) {
        const end = chunk.indexOf(BLOCK_END, at)
        this.#keep(chunk.subarray(at, end < 0 ? chunk.length : end))
        if (end < 0) break
        whole.push(this.#take())
        at = end + 1
      } else {
        const byte = chunk[at++]
        if (byte === BLOCK_START) this.#isInside = true
        else if (byte !== CR && byte !== LF) throw violation('bytes outside a message: this is not MLLP')
      }
    }
    return whole
  }

  #keep(piece: Buffer): void {
    if (piece.includes(BLOCK_START)) throw violation('a message begins inside a message')
    this.#length += piece.length
    if (this.#length > this.#limitBytes) throw violation(`a message of more than ${this.#limitBytes} bytes`)
    // Copies: a piece may be a small view of a large chunk.
    if (piece.length > 0) this.#pieces.push(Buffer.from(piece))
  }

  #take(): Buffer {
    const message = Buffer.concat(this.#pieces, this.#length)
    this.#pieces.length = this.#length = 0
    this.#isInside = false
    return message
  }
}

const violation = (found: string): Failure => new Failure('PROTOCOL_VIOLATION', `reading HL7: ${found}`)
