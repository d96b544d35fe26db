import { Failure } from '../platform/failure.ts'
import { MAC_MARK, VERSION_START } from './header.ts'
import { PAYLOAD_NONCE_BYTES } from './payload.ts'

/** Far more than any honest header needs; a hostile one can't make us hold more. */
export const HEADER_LIMIT_BYTES = 65_536

const MAC_LINE_START = `\n${MAC_MARK}`

/** Collects the part of an age file before its chunks, header and payload nonce, in bounded memory. */
export class PreambleGatherer {
  readonly #held = Buffer.allocUnsafe(HEADER_LIMIT_BYTES + PAYLOAD_NONCE_BYTES)
  #length = 0
  #macLineAt = -1

  /**
   * Takes the next piece. Answers undefined until both parts are whole, then them and what of this piece comes after.
   * Throws AGE_FORMAT as soon as the first line is wrong or the header is too long.
   */
  push(piece: Buffer): { header: Buffer; nonce: Buffer; rest: Buffer } | undefined {
    const before = this.#length
    this.#length += piece.copy(this.#held, before)
    this.#checkStart()
    const headerEnd = this.#headerEnd(before)
    if ((headerEnd ?? this.#length) > HEADER_LIMIT_BYTES) {
      throw new Failure('AGE_FORMAT', `reading an age header: no end within ${HEADER_LIMIT_BYTES} bytes`)
    }
    if (headerEnd === undefined || this.#length < headerEnd + PAYLOAD_NONCE_BYTES) return undefined
    const end = headerEnd + PAYLOAD_NONCE_BYTES
    return {
      header: this.#held.subarray(0, headerEnd),
      nonce: this.#held.subarray(headerEnd, end),
      rest: piece.subarray(end - before),
    }
  }

  /** How many bytes have come, while they are not enough. */
  get length(): number {
    return this.#length
  }

  /** Refuses bytes that are not an age file at once, rather than after 64 KiB of them. */
  #checkStart(): void {
    const start = this.#held.toString('latin1', 0, Math.min(this.#length, VERSION_START.length))
    if (VERSION_START.startsWith(start)) return
    throw new Failure(
      'AGE_FORMAT',
      'reading an age header: it does not begin with the line age-encryption.org/v1',
    )
  }

  /** No line of a valid header but its last begins with the mark: stanzas begin "->", and base64 has no hyphen. */
  #headerEnd(searched: number): number | undefined {
    const held = this.#held.subarray(0, this.#length)
    if (this.#macLineAt < 0) {
      this.#macLineAt = held.indexOf(MAC_LINE_START, Math.max(0, searched - MAC_LINE_START.length))
    }
    if (this.#macLineAt < 0) return undefined
    const lineFeed = held.indexOf('\n', this.#macLineAt + MAC_LINE_START.length)
    return lineFeed < 0 ? undefined : lineFeed + 1
  }
}
