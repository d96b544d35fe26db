import type { Failure } from '../../../platform/failure.ts'
import { withheld } from '../element/withheld.ts'

const HEADER_BYTES = 64
const MOST_SEGMENTS = 15
/** The longest run and the longest literal of PackBits. */
const LONGEST = 128

/**
 * Decodes a frame in RLE Lossless (PS3.5 annex G) into its segments in sequence, each with one byte for every pixel:
 * for each sample its bytes from the most significant one on. Throws DEID_WITHHELD for bytes that are not RLE.
 */
export function decodeRle(frame: Buffer, segments: number, segmentBytes: number): Buffer {
  if (frame.length < HEADER_BYTES || segments > MOST_SEGMENTS || frame.readUInt32LE() !== segments)
    throw broken('a header that does not fit the image')
  const out = Buffer.alloc(segments * segmentBytes)
  for (let i = 0; i < segments; i++) {
    const start = frame.readUInt32LE(4 + 4 * i)
    const end = i + 1 < segments ? frame.readUInt32LE(8 + 4 * i) : frame.length
    if (start < HEADER_BYTES || end < start || end > frame.length) throw broken('a segment outside its frame')
    unpack(frame.subarray(start, end), out.subarray(i * segmentBytes, (i + 1) * segmentBytes))
  }
  return out
}

/** Fills `out`; the rest of `packed` is padding. */
function unpack(packed: Buffer, out: Buffer): void {
  let [from, to] = [0, 0]
  while (to < out.length) {
    const control = packed[from++]
    if (control === undefined) throw broken('a segment that ends too early')
    if (control === 128) continue
    const count = control < 128 ? control + 1 : 257 - control
    if (to + count > out.length) throw broken('a segment that is too long')
    if (control > 128) out.fill(packed[from++] ?? 0, to, to + count)
    else {
      if (from + count > packed.length) throw broken('a segment that ends too early')
      from += packed.copy(out, to, from, from + count)
    }
    to += count
  }
}

/** The reverse of {@link decodeRle}: each row by itself, each segment of even length (PS3.5 §G.3.1). */
export function encodeRle(decoded: Buffer, segments: number, rowBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(segments)
  const segmentBytes = decoded.length / segments
  const packed: Buffer[] = [header]
  let offset = HEADER_BYTES
  for (let i = 0; i < segments; i++) {
    header.writeUInt32LE(offset, 4 + 4 * i)
    const segment = pack(decoded.subarray(i * segmentBytes, (i + 1) * segmentBytes), rowBytes)
    packed.push(segment)
    offset += segment.length
  }
  return Buffer.concat(packed, offset)
}

/** In the worst case one control byte for 128 literals of a row. */
function pack(segment: Buffer, rowBytes: number): Buffer {
  const rows = segment.length / rowBytes
  const out = Buffer.alloc(segment.length + rows * Math.ceil(rowBytes / LONGEST) + 1)
  let to = 0
  for (let row = 0; row < rows; row++) {
    to = packRow(segment.subarray(row * rowBytes, (row + 1) * rowBytes), out, to)
  }
  return out.subarray(0, to + (to % 2))
}

/** A run of two does not interrupt a literal: it would save nothing. */
function packRow(row: Buffer, out: Buffer, start: number): number {
  let to = start
  let literal = 0
  for (let from = 0; from <= row.length; ) {
    const run = runAt(row, from)
    const isRun = run >= 3 || (run === 2 && literal === from)
    if (isRun || from === row.length || from - literal === LONGEST) {
      to = putLiteral(row.subarray(literal, from), out, to)
      literal = from
    }
    if (isRun) {
      out[to++] = 257 - run
      out[to++] = row[from] ?? 0
      literal = from + run
    }
    from += isRun ? run : 1
  }
  return to
}

function putLiteral(bytes: Buffer, out: Buffer, to: number): number {
  if (bytes.length === 0) return to
  out[to] = bytes.length - 1
  return to + 1 + bytes.copy(out, to + 1)
}

function runAt(row: Buffer, from: number): number {
  let run = 1
  while (run < LONGEST && from + run < row.length && row[from + run] === row[from]) run++
  return run
}

const broken = (found: string): Failure =>
  withheld(`its pixel data in RLE Lossless cannot be read: ${found}; it has to be masked, so it cannot leave`)
