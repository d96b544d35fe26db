import { setImmediate as turn } from 'node:timers/promises'
import { Failure } from '../platform/failure.ts'
import type { ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'
import { COMPRESSION, decodeStrip, type StripForm, undoDifferences } from './coding/tiff-strip.ts'
import { type PixelPicture, sizeProblem } from './pixel-picture.ts'
import { problemOf } from './problem-of.ts'
import { readTiffDirectories, type TiffDirectory } from './tiff-directory.ts'

/** Tags of baseline TIFF (TIFF 6.0 §8), and Predictor, Tile Width and Sample Format. */
const TIFF_TAG = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometricInterpretation: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  sampleFormat: 339,
} as const
const PHOTOMETRIC = { whiteIsZero: 0, blackIsZero: 1, rgb: 2, palette: 3, cmyk: 5 } as const
/** Thumbnails and masks. */
const NOT_A_PAGE = 0b101
const STRIP_LIMIT_BYTES = 256 * 1024 * 1024

export async function missingInTiff(source: ByteSource): Promise<string | undefined> {
  return problemOf(() => readTiff(source))
}

/** Reads the directories of a TIFF: one picture a page. Throws MEDIA_DAMAGED, IMAGE_CODING, IMAGE_CMYK or MEDIA_TOO_LARGE. */
export async function readTiff(source: ByteSource): Promise<PixelPicture[]> {
  const { directories, isLittle, isBig } = await readTiffDirectories(source)
  if (isBig) throw coding('it is a BigTIFF')
  const all = directories.filter((one) => ((one.get(TIFF_TAG.newSubfileType)?.[0] ?? 0) & NOT_A_PAGE) === 0)
  if (all.length === 0) throw damaged('a TIFF', 'it has no page')
  return all.map((directory) => pageOf(source, directory, isLittle))
}

interface Page {
  readonly columns: number
  readonly rows: number
  readonly bits: number
  readonly stored: number
  readonly photometric: number
  readonly rowsPerStrip: number
  readonly strips: readonly { readonly offset: number; readonly length: number }[]
  readonly form: StripForm
  readonly colorMap: readonly number[]
}

function pageOf(source: ByteSource, directory: TiffDirectory, isLittle: boolean): PixelPicture {
  const page = parsePage(directory, isLittle)
  for (const { offset, length } of page.strips)
    if (offset + length > source.size) throw damaged('a TIFF', `it ends before byte ${offset + length}`)
  const isGrey = page.photometric <= PHOTOMETRIC.blackIsZero
  const samples = isGrey ? 1 : 3
  const used = page.photometric === PHOTOMETRIC.rgb ? 3 : 1
  return {
    rows: page.rows,
    columns: page.columns,
    samples,
    bits: page.bits === 16 ? 16 : 8,
    hadAlpha: page.stored > used,
    pixels: () => pixelsOf(source, page),
  }
}

function parsePage(directory: TiffDirectory, isLittle: boolean): Page {
  const value = (tag: number, otherwise: number): number => directory.get(tag)?.[0] ?? otherwise
  const [columns, rows] = [value(TIFF_TAG.imageWidth, 0), value(TIFF_TAG.imageLength, 0)]
  const problem = sizeProblem(columns, rows)
  if (problem === 'large')
    throw new Failure('MEDIA_TOO_LARGE', `reading a TIFF: ${columns} by ${rows} pixels`)
  if (problem === 'empty') throw damaged('a TIFF', `a page has the size ${columns} by ${rows}`)
  const stored = value(TIFF_TAG.samplesPerPixel, 1)
  const bits = value(TIFF_TAG.bitsPerSample, 1)
  const photometric = value(TIFF_TAG.photometricInterpretation, -1)
  checkForm(directory, photometric, bits, stored)
  const rowsPerStrip = Math.min(rows, value(TIFF_TAG.rowsPerStrip, rows)) || rows
  const offsets = directory.get(TIFF_TAG.stripOffsets) ?? []
  const lengths = directory.get(TIFF_TAG.stripByteCounts) ?? []
  const count = Math.ceil(rows / rowsPerStrip)
  if (offsets.length < count || lengths.length < count) throw damaged('a TIFF', 'a page lacks strips')
  return {
    columns,
    rows,
    bits,
    stored,
    photometric,
    rowsPerStrip,
    strips: offsets.slice(0, count).map((offset, i) => ({ offset, length: lengths[i] ?? 0 })),
    form: {
      compression: value(TIFF_TAG.compression, COMPRESSION.none),
      isDifferenced: value(TIFF_TAG.predictor, 1) === 2,
      rowBytes: Math.ceil((columns * stored * bits) / 8),
      samples: stored,
      bits,
      isLittle,
    },
    colorMap: directory.get(TIFF_TAG.colorMap) ?? [],
  }
}

/** Throws IMAGE_CMYK or IMAGE_CODING for pages of other forms than those that are read. */
function checkForm(directory: TiffDirectory, photometric: number, bits: number, stored: number): void {
  const value = (tag: number, otherwise: number): number => directory.get(tag)?.[0] ?? otherwise
  if (photometric === PHOTOMETRIC.cmyk)
    throw new Failure('IMAGE_CMYK', 'reading a TIFF: its colours are CMYK')
  const compression = value(TIFF_TAG.compression, COMPRESSION.none)
  if (!Object.values<number>(COMPRESSION).includes(compression))
    throw coding(`its compression is ${compression}`)
  if (directory.has(TIFF_TAG.tileWidth)) throw coding('it is tiled')
  if (value(TIFF_TAG.planarConfiguration, 1) !== 1 && stored > 1)
    throw coding('its colours are in separate planes')
  if (value(TIFF_TAG.fillOrder, 1) !== 1) throw coding('its bits are in reversed order')
  if (value(TIFF_TAG.sampleFormat, 1) !== 1) throw coding('its samples are not unsigned numbers')
  if (value(TIFF_TAG.predictor, 1) > 2) throw coding(`its predictor is ${value(TIFF_TAG.predictor, 1)}`)
  const isGrey = photometric === PHOTOMETRIC.whiteIsZero || photometric === PHOTOMETRIC.blackIsZero
  const isRead =
    (isGrey && stored === 1 && [1, 4, 8, 16].includes(bits)) ||
    (isGrey && stored === 2 && [8, 16].includes(bits)) ||
    (photometric === PHOTOMETRIC.rgb && (stored === 3 || stored === 4) && bits === 8) ||
    (photometric === PHOTOMETRIC.palette && stored === 1 && [1, 4, 8].includes(bits))
  if (!isRead)
    throw coding(`${stored} samples of ${bits} bits with photometric interpretation ${photometric}`)
}

async function* pixelsOf(source: ByteSource, page: Page): AsyncGenerator<Buffer> {
  const { rows, rowsPerStrip, strips, form } = page
  for (const [i, strip] of strips.entries()) {
    const count = Math.min(rowsPerStrip, rows - i * rowsPerStrip)
    const wanted = count * form.rowBytes
    if (strip.length > STRIP_LIMIT_BYTES || wanted > STRIP_LIMIT_BYTES)
      throw new Failure(
        'MEDIA_TOO_LARGE',
        `reading a TIFF: a strip of ${Math.max(strip.length, wanted)} bytes`,
      )
    const stored = await source.read(strip.offset, strip.length)
    const bytes = await decodeStrip(stored, wanted, form)
    for (let row = 0; row < count; row += ROWS_AT_ONCE) {
      const end = Math.min(count, row + ROWS_AT_ONCE)
      undoDifferences(bytes.subarray(row * form.rowBytes, end * form.rowBytes), form)
      const converted: Buffer[] = []
      for (let one = row; one < end; one++)
        converted.push(convertRow(bytes.subarray(one * form.rowBytes, (one + 1) * form.rowBytes), page))
      yield Buffer.concat(converted)
      // All rows of a strip are in memory: without this they would be one turn of the event loop.
      await turn()
    }
  }
}

const ROWS_AT_ONCE = 64

function convertRow(row: Buffer, { columns, bits, stored, photometric, form, colorMap }: Page): Buffer {
  if (bits === 16) return grey16(row, columns, stored, form.isLittle, photometric === PHOTOMETRIC.whiteIsZero)
  if (photometric === PHOTOMETRIC.rgb && stored === 3) return row
  const samples = photometric <= PHOTOMETRIC.blackIsZero ? 1 : 3
  const out = Buffer.alloc(columns * samples)
  const highest = 2 ** bits - 1
  for (let x = 0; x < columns; x++) {
    if (photometric === PHOTOMETRIC.rgb) row.copy(out, 3 * x, 4 * x, 4 * x + 3)
    else {
      const sample = bits === 8 ? (row[x * stored] ?? 0) : sampleAt(row, x, bits)
      if (photometric !== PHOTOMETRIC.palette)
        out[x] = ((photometric === PHOTOMETRIC.whiteIsZero ? highest - sample : sample) * 255) / highest
      // The map holds all reds, then all greens, then all blues, of 16 bits.
      else for (let s = 0; s < 3; s++) out[3 * x + s] = (colorMap[s * (highest + 1) + sample] ?? 0) >> 8
    }
  }
  return out
}

function grey16(
  row: Buffer,
  columns: number,
  stored: number,
  isLittle: boolean,
  isInverted: boolean,
): Buffer {
  const out = Buffer.alloc(2 * columns)
  for (let x = 0; x < columns; x++) {
    const at = 2 * stored * x
    const sample = isLittle ? row.readUInt16LE(at) : row.readUInt16BE(at)
    out.writeUInt16LE(isInverted ? 0xffff - sample : sample, 2 * x)
  }
  return out
}

function sampleAt(row: Buffer, x: number, bits: number): number {
  const bit = x * bits
  return ((row[bit >> 3] ?? 0) >> (8 - bits - (bit & 7))) & (2 ** bits - 1)
}

const coding = (found: string): Failure =>
  new Failure('IMAGE_CODING', `reading a TIFF: ${found}, which Ferry does not read`)
