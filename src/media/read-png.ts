import { pipeline, Readable } from 'node:stream'
import { createInflate } from 'node:zlib'
import { Failure } from '../platform/failure.ts'
import type { ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'
import { unfilterRow } from './coding/unfilter-row.ts'
import { type PixelPicture, sizeProblem } from './pixel-picture.ts'
import { type PngChunk, pngChunks } from './png-chunks.ts'
import { readChunks } from './read-chunks.ts'

/** Colour types and the samples that each one stores (PNG §11.2.2). */
const COLOUR = { grey: 0, rgb: 2, indexed: 3, greyAlpha: 4, rgbAlpha: 6 } as const
const STORED_SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}
const HEADER_BYTES = 13
const PALETTE_BYTES = 768
const ROWS_AT_ONCE_BYTES = 256 * 1024

interface Header {
  readonly columns: number
  readonly rows: number
  readonly depth: number
  readonly colour: number
  readonly palette: Buffer
}

/** Reads the chunks of a PNG, their checksums compared. Throws MEDIA_DAMAGED, IMAGE_CODING or MEDIA_TOO_LARGE. */
export async function readPng(source: ByteSource): Promise<PixelPicture> {
  const chunks = await pngChunks(source)
  const header = await readHeader(source, chunks)
  const data = chunks.filter(({ type }) => type === 'IDAT')
  const { rows, columns, colour, depth } = header
  const isGrey = colour === COLOUR.grey || colour === COLOUR.greyAlpha
  const isTransparent = colour === COLOUR.greyAlpha || colour === COLOUR.rgbAlpha
  return {
    rows,
    columns,
    samples: isGrey ? 1 : 3,
    bits: depth === 16 ? 16 : 8,
    hadAlpha: isTransparent || chunks.some(({ type }) => type === 'tRNS'),
    pixels: () => pixelsOf(inflated(source, data), header),
  }
}

async function readHeader(source: ByteSource, chunks: readonly PngChunk[]): Promise<Header> {
  const [first] = chunks
  if (first?.type !== 'IHDR' || first.length !== HEADER_BYTES)
    throw damaged('a PNG', 'it does not begin with IHDR')
  const bytes = await source.read(first.offset, HEADER_BYTES)
  const [columns, rows] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)]
  const [depth = 0, colour = 0, compression, filter, interlace] = bytes.subarray(8)
  const problem = sizeProblem(columns, rows)
  if (problem === 'large') throw new Failure('MEDIA_TOO_LARGE', `reading a PNG: ${columns} by ${rows} pixels`)
  if (problem === 'empty') throw damaged('a PNG', `its size is ${columns} by ${rows}`)
  if (DEPTHS[colour]?.includes(depth) !== true || compression !== 0 || filter !== 0)
    throw damaged('a PNG', `its header names colour type ${colour} with ${depth} bits`)
  if (interlace !== 0) throw coding('it is interlaced')
  if (depth === 16 && STORED_SAMPLES[colour] !== 1 && colour !== COLOUR.greyAlpha)
    throw coding('its colours have 16 bits')
  const palette = chunks.find(({ type }) => type === 'PLTE')
  if (colour === COLOUR.indexed && palette === undefined) throw damaged('a PNG', 'its palette is missing')
  const stored =
    palette === undefined
      ? Buffer.alloc(0)
      : await source.read(palette.offset, Math.min(palette.length, PALETTE_BYTES))
  return { columns, rows, depth, colour, palette: Buffer.concat([stored], PALETTE_BYTES) }
}

/** Inflates the data of the IDAT chunks as one stream. */
function inflated(source: ByteSource, data: readonly PngChunk[]): AsyncIterable<Buffer> {
  async function* stored(): AsyncGenerator<Buffer> {
    for (const chunk of data) yield* readChunks(source, chunk)
  }
  const inflate = createInflate()
  // The error reaches the reader of `inflate`.
  pipeline(Readable.from(stored()), inflate, () => undefined)
  return inflate
}

async function* pixelsOf(stream: AsyncIterable<Buffer>, header: Header): AsyncGenerator<Buffer> {
  const samples = STORED_SAMPLES[header.colour] ?? 1
  const rowBytes = Math.ceil((header.columns * samples * header.depth) / 8)
  const pixelBytes = Math.max(1, (samples * header.depth) / 8)
  let above: Buffer = Buffer.alloc(rowBytes)
  let rest: Buffer = Buffer.alloc(0)
  let done: Buffer[] = []
  let left = header.rows
  let doneBytes = 0
  for await (const bytes of failing(stream)) {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
    let at = 0
    for (; left > 0 && at + 1 + rowBytes <= rest.length; at += 1 + rowBytes, left--) {
      const row = Buffer.from(rest.subarray(at + 1, at + 1 + rowBytes))
      if (!unfilterRow(rest[at] ?? 0, row, above, pixelBytes))
        throw damaged('a PNG', `an unknown filter ${rest[at]}`)
      above = row
      const converted = convertRow(row, header)
      done.push(converted)
      doneBytes += converted.length
    }
    rest = rest.subarray(at)
    if (doneBytes >= ROWS_AT_ONCE_BYTES) {
      yield Buffer.concat(done)
      done = []
      doneBytes = 0
    }
    if (left === 0) break
  }
  if (left > 0) throw damaged('a PNG', `${left} of ${header.rows} rows are missing`)
  if (done.length > 0) yield Buffer.concat(done)
}

async function* failing(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* stream
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure('MEDIA_DAMAGED', 'reading a PNG: its pixels cannot be inflated', { cause: error })
  }
}

/** Returns the row as grey or RGB; alpha is left out, 16 bits have the lower byte first. */
function convertRow(row: Buffer, { columns, colour, depth, palette }: Header): Buffer {
  if (colour === COLOUR.indexed) return throughPalette(row, columns, depth, palette)
  if (colour === COLOUR.rgb) return row
  if (colour === COLOUR.grey && depth < 8) return spread(row, columns, depth)
  const sampleBytes = depth / 8
  const [stored, wanted] = colour === COLOUR.rgbAlpha ? [4, 3] : [colour === COLOUR.greyAlpha ? 2 : 1, 1]
  const out = Buffer.alloc(columns * wanted * sampleBytes)
  for (let x = 0; x < columns; x++)
    row.copy(out, x * wanted * sampleBytes, x * stored * sampleBytes, (x * stored + wanted) * sampleBytes)
  return sampleBytes === 2 ? out.swap16() : out
}

function throughPalette(row: Buffer, columns: number, depth: number, palette: Buffer): Buffer {
  const out = Buffer.alloc(3 * columns)
  for (let x = 0; x < columns; x++)
    palette.copy(out, 3 * x, 3 * indexAt(row, x, depth), 3 * indexAt(row, x, depth) + 3)
  return out
}

/** Scales grey of fewer bits to 0 to 255. */
function spread(row: Buffer, columns: number, depth: number): Buffer {
  const out = Buffer.alloc(columns)
  for (let x = 0; x < columns; x++) out[x] = (indexAt(row, x, depth) * 255) / (2 ** depth - 1)
  return out
}

function indexAt(row: Buffer, x: number, depth: number): number {
  const bit = x * depth
  return ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
}

const coding = (found: string): Failure => new Failure('IMAGE_CODING', `reading a PNG: ${found}`)
