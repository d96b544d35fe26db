import { setImmediate as turn } from 'node:timers/promises'
import { damaged } from './damaged.ts'

const CLEAR = 256
const END = 257
const FIRST = 258
const CODE_LIMIT = 4096
/** A code of 12 bits gives at most 3840 bytes. */
const EXPANSION_LIMIT = 2600
/** Number of codes after which other work gets its turn. */
const TURN_CODES = 20_000

/**
 * Decodes TIFF's form of LZW: codes of 9 to 12 bits, the highest bit first, that grow one code early (TIFF 6.0 §13).
 * Returns at most `wanted` bytes; fewer if the codes end early. Throws MEDIA_DAMAGED for a code that does not exist.
 */
export async function decodeLzw(stored: Buffer, wanted: number): Promise<Buffer> {
  if (wanted > stored.length * EXPANSION_LIMIT)
    throw damaged('a TIFF', 'a strip has too few bytes for its size')
  // The bytes of a code: those of its prefix, and one more.
  const prefix = new Uint16Array(CODE_LIMIT)
  const last = new Uint8Array(CODE_LIMIT)
  const lengths = new Uint16Array(CODE_LIMIT)
  for (let code = 0; code < CLEAR; code++) {
    last[code] = code
    lengths[code] = 1
  }
  // Only bytes that were written are returned; to clear all of a large strip takes a long turn.
  const out = Buffer.allocUnsafeSlow(wanted)
  let [at, bitAt, width, next] = [0, 0, 9, FIRST]
  const bits = stored.length * 8
  let previous: number | undefined
  const firstByteOf = (code: number): number => {
    let one = code
    while (one >= FIRST) one = prefix[one] ?? 0
    return one
  }
  /** Writes the bytes of a code from the last to the first; returns the place after them. */
  const write = (code: number, start: number): number => {
    const length = lengths[code] ?? 0
    for (let place = start + length - 1, one = code; place >= start; place--) {
      if (place < wanted) out[place] = last[one] ?? 0
      one = prefix[one] ?? 0
    }
    return start + length
  }
  for (let codes = 1; at < wanted && bitAt + width <= bits; codes++) {
    const code = codeAt(stored, bitAt, width)
    bitAt += width
    if (codes % TURN_CODES === 0) await turn()
    if (code === END) break
    if (code === CLEAR) {
      ;[width, next, previous] = [9, FIRST, undefined]
      continue
    }
    if (previous === undefined) {
      if (code > CLEAR) throw damaged('a TIFF', 'an LZW code that does not exist')
      at = write(code, at)
    } else {
      if (code > next || code >= CODE_LIMIT) throw damaged('a TIFF', 'an LZW code that does not exist')
      if (next < CODE_LIMIT) {
        prefix[next] = previous
        last[next] = firstByteOf(code === next ? previous : code)
        lengths[next] = (lengths[previous] ?? 0) + 1
        next++
      }
      at = write(code, at)
    }
    previous = code
    if (next >= 2 ** width - 1 && width < 12) width++
  }
  return out.subarray(0, Math.min(at, wanted))
}

function codeAt(bytes: Buffer, bitAt: number, width: number): number {
  const byte = bitAt >> 3
  const window = ((bytes[byte] ?? 0) << 16) | ((bytes[byte + 1] ?? 0) << 8) | (bytes[byte + 2] ?? 0)
  return (window >> (24 - width - (bitAt & 7))) & (2 ** width - 1)
}
