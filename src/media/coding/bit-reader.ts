/** Reads bits from the highest to the lowest; after the end it reads zeros, and says so. */
export class BitReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isBeyond(): boolean {
    return this.#at > this.#bytes.length * 8
  }

  bit(): number {
    const byte = this.#bytes[this.#at >> 3] ?? 0
    return (byte >> (7 - (this.#at++ & 7))) & 1
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value = value * 2 + this.bit()
    return value
  }

  /** An unsigned Exp-Golomb code, ue(v) of ITU-T H.264 §9.1. */
  unsigned(): number {
    let zeros = 0
    while (this.bit() === 0 && zeros < 32) {
      if (this.isBeyond) return 0
      zeros++
    }
    return 2 ** zeros - 1 + this.bits(zeros)
  }

  /** A signed one, se(v). */
  signed(): number {
    const code = this.unsigned()
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2
  }
}

/** Removes the bytes that keep start codes out of a NAL unit (ITU-T H.264 §7.4.1). */
export function withoutEmulation(nalUnit: Buffer): Buffer {
  const out = Buffer.alloc(nalUnit.length)
  let length = 0
  let zeros = 0
  for (const byte of nalUnit) {
    if (zeros >= 2 && byte === 3) zeros = 0
    else {
      out[length++] = byte
      zeros = byte === 0 ? zeros + 1 : 0
    }
  }
  return out.subarray(0, length)
}
