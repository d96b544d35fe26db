import type { ByteRange, ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'
import { exifOrientation } from './coding/exif-orientation.ts'
import { type JpegSegment, jpegSegments, MARKER } from './coding/jpeg-segments.ts'
import { problemOf } from './problem-of.ts'
import { readWhole } from './read-whole.ts'

/** Stills are held whole while they are examined. */
export const JPEG_LIMIT_BYTES = 128 * 1024 * 1024

/** The coding process of a frame (ITU-T T.81 Table B.1). */
export type JpegProcess = 'baseline' | 'extended' | 'progressive' | 'lossless' | 'arithmetic' | 'hierarchical'

/** Facts about a JPEG stream. */
export interface Jpeg {
  readonly process: JpegProcess
  /** Bits of a sample. */
  readonly bits: number
  readonly rows: number
  readonly columns: number
  readonly components: number
  readonly isRgb: boolean
  /** The Orientation of its EXIF; 1 is upright. */
  readonly orientation: number
  /** The ICC profile of its APP2 segments. */
  readonly iccProfile: Buffer | undefined
  /** False if the tables are elsewhere, as in the frames of some AVI files. */
  readonly hasHuffmanTables: boolean
  /** The parts that remain if everything is dropped that may name a person: SOI to EOI, in order. */
  readonly kept: readonly ByteRange[]
  /** Number of bytes after EOI. */
  readonly trailingBytes: number
}

const ICC_IDENTIFIER = 'ICC_PROFILE\0'
const JFIF_IDENTIFIER = 'JFIF\0'
const ADOBE_IDENTIFIER = 'Adobe'
const ADOBE_BYTES = 12
const RGB_IDS = 'RGB'

/** Examines a JPEG stream from its first to its last marker; decodes nothing. Throws MEDIA_DAMAGED. */
export function readJpeg(bytes: Buffer): Jpeg {
  const segments = jpegSegments(bytes)
  const frame = segments.find(({ marker }) => processOf(marker) !== undefined)
  if (frame === undefined) throw damaged('a JPEG', 'it has no frame header')
  if (!segments.some(({ marker }) => marker === MARKER.StartOfScan)) throw damaged('a JPEG', 'it has no scan')
  const payloads = (marker: number): Buffer[] =>
    segments.filter((segment) => segment.marker === marker).map((segment) => payloadOf(bytes, segment))
  const { ids, ...size } = frameHeader(payloadOf(bytes, frame))
  const isJfif = payloads(MARKER.App0).some((payload) => begins(payload, JFIF_IDENTIFIER))
  const adobe = payloads(MARKER.App14).find(
    (payload) => begins(payload, ADOBE_IDENTIFIER) && payload.length >= ADOBE_BYTES,
  )
  const isNamedRgb = ids === RGB_IDS
  const isRgb = ids.length === 3 && (adobe ? adobe[ADOBE_BYTES - 1] === 0 : !isJfif && isNamedRgb)
  const end = segments.at(-1)?.end ?? 0
  return {
    ...size,
    process: processOf(frame.marker) ?? 'baseline',
    components: ids.length,
    isRgb,
    orientation:
      payloads(MARKER.App1)
        .map(exifOrientation)
        .find((value) => value !== undefined) ?? 1,
    iccProfile: iccProfile(payloads(MARKER.App2)),
    hasHuffmanTables: segments.some(({ marker }) => marker === MARKER.HuffmanTables),
    // Without JFIF a reader would take components with the names R, G, B for such.
    kept: merged(segments.filter((segment) => isKept(bytes, segment, isJfif && isNamedRgb))),
    trailingBytes: bytes.length - end,
  }
}

export const beginsAsJpeg = (first: Buffer): boolean => first.toString('latin1', 0, 3) === '\xff\xd8\xff'

export async function missingInJpeg(source: ByteSource): Promise<string | undefined> {
  return problemOf(async () => jpegSegments(await readWhole(source, JPEG_LIMIT_BYTES, 'a JPEG')))
}

/** Throws MEDIA_DAMAGED if the number of bytes does not fit the number of components (§B.2.2). */
function frameHeader(payload: Buffer): { bits: number; rows: number; columns: number; ids: string } {
  const components = payload[5] ?? 0
  if (payload.length < 6 + 3 * components || components === 0)
    throw damaged('a JPEG', 'its frame header is cut off')
  const [bits, rows, columns] = [payload.readUInt8(0), payload.readUInt16BE(1), payload.readUInt16BE(3)]
  if (rows === 0 || columns === 0) throw damaged('a JPEG', `its size is ${columns} by ${rows}`)
  const ids = Array.from({ length: components }, (_, i) => String.fromCharCode(payload[6 + 3 * i] ?? 0))
  return { bits, rows, columns, ids: ids.join('') }
}

function processOf(marker: number): JpegProcess | undefined {
  if (marker === MARKER.JpegLsFrame) return 'lossless'
  if (marker < 0xc0 || marker > 0xcf) return undefined
  if (marker === MARKER.HuffmanTables || marker === MARKER.JpegExtension) return undefined
  if (marker === MARKER.ArithmeticConditioning) return undefined
  if (marker >= 0xc9) return 'arithmetic'
  if (marker >= 0xc5) return 'hierarchical'
  return (['baseline', 'extended', 'progressive', 'lossless'] as const)[marker - 0xc0]
}

/** Keeps what decoding needs, ICC profiles and Adobe's colour transform; drops EXIF, other APPn and comments. */
function isKept(bytes: Buffer, segment: JpegSegment, keepsJfif: boolean): boolean {
  const { marker } = segment
  if (marker === MARKER.Comment) return false
  if (marker < MARKER.App0 || marker > MARKER.App15) return true
  if (marker === MARKER.App0) return keepsJfif && begins(payloadOf(bytes, segment), JFIF_IDENTIFIER)
  if (marker === MARKER.App2) return begins(payloadOf(bytes, segment), ICC_IDENTIFIER)
  return marker === MARKER.App14 && begins(payloadOf(bytes, segment), ADOBE_IDENTIFIER)
}

/** Joins neighbours. */
function merged(segments: readonly JpegSegment[]): ByteRange[] {
  const ranges: { offset: number; length: number }[] = []
  for (const { start, end } of segments) {
    const last = ranges.at(-1)
    if (last !== undefined && last.offset + last.length === start) last.length += end - start
    else ranges.push({ offset: start, length: end - start })
  }
  return ranges
}

/** Puts the parts of a profile together, which may come in any order (ICC.1 §B.4). Undefined if one is missing. */
function iccProfile(payloads: readonly Buffer[]): Buffer | undefined {
  const headBytes = ICC_IDENTIFIER.length + 2
  const parts = payloads.filter((one) => begins(one, ICC_IDENTIFIER) && one.length > headBytes)
  const numberOf = (part: Buffer): number => part[ICC_IDENTIFIER.length] ?? 0
  const inOrder = parts.toSorted((a, b) => numberOf(a) - numberOf(b))
  const isWhole = inOrder.every(
    (part, i) => numberOf(part) === i + 1 && part[headBytes - 1] === inOrder.length,
  )
  return parts.length > 0 && isWhole
    ? Buffer.concat(inOrder.map((part) => part.subarray(headBytes)))
    : undefined
}

/** The bytes after the length field, without entropy-coded data in a scan's case. */
function payloadOf(bytes: Buffer, { start, end }: JpegSegment): Buffer {
  let at = start + 1
  while (bytes[at] === 0xff) at++
  return bytes.subarray(Math.min(at + 3, end), end)
}

const begins = (payload: Buffer, identifier: string): boolean =>
  payload.toString('latin1', 0, identifier.length) === identifier
