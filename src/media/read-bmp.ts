import { Failure } from '../platform/failure.ts'
import type { ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'
import { type PixelPicture, sizeProblem } from './pixel-picture.ts'

const FILE_HEADER_BYTES = 14
/** BITMAPCOREHEADER has 12 bytes; the others begin as BITMAPINFOHEADER does. */
const INFO_HEADER_BYTES = 40
const HEAD_LIMIT_BYTES = 16 * 1024
const COMPRESSION = { rgb: 0, bitFields: 3 } as const
const BITS = [1, 4, 8, 24, 32]
/** The masks of blue, green, red in bytes, as 32 bits without bit fields have them. */
const USUAL_MASKS = [0xff0000, 0xff00, 0xff]
const ROWS_AT_ONCE_BYTES = 1024 * 1024

interface Header {
  readonly offset: number
  readonly columns: number
  readonly rows: number
  readonly isTopDown: boolean
  readonly bits: number
  readonly strideBytes: number
  /** Red, green, blue for each index; undefined without a palette. */
  readonly palette: Buffer | undefined
  readonly isGrey: boolean
}

export const beginsAsBmp = (first: Buffer): boolean =>
  first.toString('latin1', 0, 2) === 'BM' &&
  first.length >= FILE_HEADER_BYTES + 4 &&
  [40, 52, 56, 64, 108, 124].includes(first.readUInt32LE(FILE_HEADER_BYTES))

export async function missingInBmp(source: ByteSource): Promise<string | undefined> {
  const first = await source.read(0, FILE_HEADER_BYTES + INFO_HEADER_BYTES)
  if (first.length < FILE_HEADER_BYTES + INFO_HEADER_BYTES) return 'its header is cut off'
  const isPlain =
    first.readUInt32LE(30) === COMPRESSION.rgb || first.readUInt32LE(30) === COMPRESSION.bitFields
  const stride = Math.ceil((Math.abs(first.readInt32LE(18)) * first.readUInt16LE(28)) / 32) * 4
  const pixels = isPlain ? stride * Math.abs(first.readInt32LE(22)) : first.readUInt32LE(34)
  const missing = first.readUInt32LE(10) + pixels - source.size
  return missing > 0 ? `${missing} bytes of its pixels` : undefined
}

/** Reads the header of an uncompressed BMP. Throws MEDIA_DAMAGED, IMAGE_CODING or MEDIA_TOO_LARGE. */
export async function readBmp(source: ByteSource): Promise<PixelPicture> {
  const header = parseHeader(await source.read(0, HEAD_LIMIT_BYTES))
  if (header.offset + header.strideBytes * header.rows > source.size)
    throw damaged('a BMP', 'its pixels are cut off')
  const { rows, columns, isGrey } = header
  const samples = isGrey ? 1 : 3
  // The fourth byte of 32 bits is unused without a mask for alpha, and such masks are not written.
  return { rows, columns, samples, bits: 8, hadAlpha: false, pixels: () => rowsOf(source, header) }
}

function parseHeader(bytes: Buffer): Header {
  if (bytes.length < FILE_HEADER_BYTES + INFO_HEADER_BYTES) throw damaged('a BMP', 'its header is cut off')
  const infoBytes = bytes.readUInt32LE(14)
  const [columns, height, bits] = [bytes.readInt32LE(18), bytes.readInt32LE(22), bytes.readUInt16LE(28)]
  const [compression, colours] = [bytes.readUInt32LE(30), bytes.readUInt32LE(46)]
  const rows = Math.abs(height)
  const problem = sizeProblem(columns, rows)
  if (problem === 'large') throw new Failure('MEDIA_TOO_LARGE', `reading a BMP: ${columns} by ${rows} pixels`)
  if (problem === 'empty') throw damaged('a BMP', `its size is ${columns} by ${height}`)
  const isUsual =
    compression === COMPRESSION.rgb ||
    (compression === COMPRESSION.bitFields && bits === 32 && hasUsualMasks(bytes))
  if (!isUsual || !BITS.includes(bits)) throw coding(`${bits} bits with compression ${compression}`)
  const paletteAt = FILE_HEADER_BYTES + infoBytes
  const palette = bits <= 8 ? paletteOf(bytes, paletteAt, colours || 2 ** bits, bits) : undefined
  return {
    offset: bytes.readUInt32LE(10),
    columns,
    rows,
    isTopDown: height < 0,
    bits,
    strideBytes: Math.ceil((columns * bits) / 32) * 4,
    palette,
    isGrey: palette !== undefined && isGreyPalette(palette),
  }
}

function hasUsualMasks(bytes: Buffer): boolean {
  const at = FILE_HEADER_BYTES + INFO_HEADER_BYTES
  return at + 12 <= bytes.length && USUAL_MASKS.every((mask, i) => bytes.readUInt32LE(at + 4 * i) === mask)
}

/** Entries are blue, green, red and a byte without meaning; indexes without an entry are black. */
function paletteOf(bytes: Buffer, at: number, count: number, bits: number): Buffer {
  const size = 2 ** bits
  const palette = Buffer.alloc(3 * size)
  for (let i = 0; i < Math.min(count, size); i++) {
    const entry = at + 4 * i
    if (entry + 3 > bytes.length) throw damaged('a BMP', 'its palette is cut off')
    palette.set([bytes.readUInt8(entry + 2), bytes.readUInt8(entry + 1), bytes.readUInt8(entry)], 3 * i)
  }
  return palette
}

function isGreyPalette(palette: Buffer): boolean {
  for (let i = 0; i < palette.length; i += 3)
    if (palette[i] !== palette[i + 1] || palette[i] !== palette[i + 2]) return false
  return true
}

async function* rowsOf(source: ByteSource, header: Header): AsyncGenerator<Buffer> {
  const { rows, strideBytes, offset, isTopDown } = header
  const atOnce = Math.max(1, Math.floor(ROWS_AT_ONCE_BYTES / strideBytes))
  for (let row = 0; row < rows; row += atOnce) {
    const count = Math.min(atOnce, rows - row)
    const stored = isTopDown ? row : rows - row - count
    const bytes = await source.read(offset + stored * strideBytes, count * strideBytes)
    if (bytes.length < count * strideBytes) throw damaged('a BMP', 'its pixels are cut off')
    const order = Array.from({ length: count }, (_, i) => (isTopDown ? i : count - 1 - i))
    yield Buffer.concat(order.map((i) => convertRow(bytes.subarray(i * strideBytes), header)))
  }
}

function convertRow(row: Buffer, { columns, bits, palette, isGrey }: Header): Buffer {
  const samples = isGrey ? 1 : 3
  const out = Buffer.alloc(columns * samples)
  for (let x = 0; x < columns; x++) {
    if (palette === undefined) {
      const at = (x * bits) / 8
      out[3 * x] = row[at + 2] ?? 0
      out[3 * x + 1] = row[at + 1] ?? 0
      out[3 * x + 2] = row[at] ?? 0
      continue
    }
    const bit = x * bits
    const index = ((row[bit >> 3] ?? 0) >> (8 - bits - (bit & 7))) & (2 ** bits - 1)
    for (let s = 0; s < samples; s++) out[samples * x + s] = palette[3 * index + s] ?? 0
  }
  return out
}

const coding = (found: string): Failure =>
  new Failure(
    'IMAGE_CODING',
    `reading a BMP: ${found}; only uncompressed ones with 1, 4, 8, 24 or 32 bits are read`,
  )
