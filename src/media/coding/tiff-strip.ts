import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { Failure } from '../../platform/failure.ts'
import { damaged } from './damaged.ts'
import { decodeLzw } from './tiff-lzw.ts'

/** The compressions that are read (TIFF 6.0 §9 and §13, Adobe Photoshop TIFF Technical Notes). */
export const COMPRESSION = { none: 1, lzw: 5, deflate: 8, packBits: 32_773, oldDeflate: 32_946 } as const

/** The form of the rows in a strip. */
export interface StripForm {
  readonly compression: number
  /** Each sample is the difference from that on its left (§14). */
  readonly isDifferenced: boolean
  readonly rowBytes: number
  readonly samples: number
  readonly bits: number
  readonly isLittle: boolean
}

const inflateStrip = promisify(inflate)

/** Decompresses one strip to exactly `wanted` bytes. Throws MEDIA_DAMAGED. */
export async function decodeStrip(stored: Buffer, wanted: number, form: StripForm): Promise<Buffer> {
  const bytes = await uncompressed(stored, wanted, form.compression)
  if (bytes.length < wanted) throw damaged('a TIFF', `a strip has ${bytes.length} of ${wanted} bytes`)
  return bytes.subarray(0, wanted)
}

async function uncompressed(stored: Buffer, wanted: number, compression: number): Promise<Buffer> {
  if (compression === COMPRESSION.none) return stored
  if (compression === COMPRESSION.lzw) return decodeLzw(stored, wanted)
  if (compression === COMPRESSION.packBits) return unpackBits(stored, wanted)
  try {
    return await inflateStrip(stored, { maxOutputLength: wanted + 1 })
  } catch (error) {
    throw new Failure('MEDIA_DAMAGED', 'reading a TIFF: a strip cannot be inflated', { cause: error })
  }
}

/** Runs and literals with a signed length before each (§9). */
function unpackBits(stored: Buffer, wanted: number): Buffer {
  const pieces: Buffer[] = []
  let length = 0
  for (let at = 0; at + 1 < stored.length && length < wanted; ) {
    const count = stored.readInt8(at)
    if (count === -128) {
      at++
      continue
    }
    const piece =
      count >= 0 ? stored.subarray(at + 1, at + 2 + count) : Buffer.alloc(1 - count, stored[at + 1])
    pieces.push(piece)
    length += piece.length
    at += count >= 0 ? 2 + count : 2
  }
  return Buffer.concat(pieces)
}

/** Undoes Predictor 2 in whole rows, in place; nothing is done for other predictors. */
export function undoDifferences(
  rows: Buffer,
  { isDifferenced, rowBytes, samples, bits, isLittle }: StripForm,
): void {
  if (!isDifferenced) return
  if (bits !== 8 && bits !== 16)
    throw new Failure('IMAGE_CODING', `reading a TIFF: differences of ${bits} bits`)
  for (let row = 0; row < rows.length; row += rowBytes) {
    const end = Math.min(row + rowBytes, rows.length)
    if (bits === 8) {
      for (let at = row + samples; at < end; at++) rows[at] = (rows[at] ?? 0) + (rows[at - samples] ?? 0)
      continue
    }
    for (let at = row + 2 * samples; at + 1 < end; at += 2) {
      const [here, left] = isLittle
        ? [rows.readUInt16LE(at), rows.readUInt16LE(at - 2 * samples)]
        : [rows.readUInt16BE(at), rows.readUInt16BE(at - 2 * samples)]
      if (isLittle) rows.writeUInt16LE((here + left) & 0xffff, at)
      else rows.writeUInt16BE((here + left) & 0xffff, at)
    }
  }
}
