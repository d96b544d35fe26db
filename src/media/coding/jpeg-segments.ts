import { damaged } from './damaged.ts'

/** Marker codes (ITU-T T.81 Table B.1). */
export const MARKER = {
  StartOfImage: 0xd8,
  EndOfImage: 0xd9,
  StartOfScan: 0xda,
  HuffmanTables: 0xc4,
  ArithmeticConditioning: 0xcc,
  JpegExtension: 0xc8,
  JpegLsFrame: 0xf7,
  App0: 0xe0,
  App1: 0xe1,
  App2: 0xe2,
  App14: 0xee,
  App15: 0xef,
  Comment: 0xfe,
} as const

/** One marker with its parameters; that of a scan goes on to the end of its entropy-coded data. */
export interface JpegSegment {
  readonly marker: number
  readonly start: number
  readonly end: number
}

/** Real images have some dozens; a progressive one has a few hundred. */
const SEGMENT_LIMIT = 10_000
const TEMPORARY = 0x01

/**
 * Walks a JPEG stream from SOI to EOI (ITU-T T.81 §B.1.1). Throws MEDIA_DAMAGED if the bytes do not begin with SOI, end
 * before EOI, or have something else where a marker must be.
 */
export function jpegSegments(bytes: Buffer): JpegSegment[] {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xff00 + MARKER.StartOfImage)
    throw damaged('a JPEG', 'it does not begin with SOI')
  const segments: JpegSegment[] = []
  for (let at = 0; ; ) {
    const segment = segmentAt(bytes, at)
    segments.push(segment)
    if (segment.marker === MARKER.EndOfImage) return segments
    if (segments.length === SEGMENT_LIMIT) throw damaged('a JPEG', `more than ${SEGMENT_LIMIT} segments`)
    at = segment.end
  }
}

function segmentAt(bytes: Buffer, start: number): JpegSegment {
  if (start < bytes.length && bytes[start] !== 0xff) throw damaged('a JPEG', `no marker at byte ${start}`)
  let at = start + 1
  // Fill bytes before a marker (§B.1.1.2).
  while (bytes[at] === 0xff) at++
  const marker = bytes[at]
  if (marker === undefined) throw damaged('a JPEG', 'no EOI marker at the end')
  if (isAlone(marker)) return { marker, start, end: at + 1 }
  if (at + 3 > bytes.length) throw damaged('a JPEG', 'no EOI marker at the end')
  const length = bytes.readUInt16BE(at + 1)
  const end = at + 1 + length
  if (length < 2) throw damaged('a JPEG', `a segment of length ${length} at byte ${start}`)
  if (end > bytes.length) throw damaged('a JPEG', 'no EOI marker at the end')
  return { marker, start, end: marker === MARKER.StartOfScan ? scanEnd(bytes, end) : end }
}

/** Entropy-coded data goes on to the next marker: not FF00, a restart marker or a fill byte (§B.1.1.5). */
function scanEnd(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at !== -1; at = bytes.indexOf(0xff, at)) {
    const next = bytes[at + 1]
    if (next === undefined) break
    if (next === 0xff) at++
    else if (next === 0x00 || isRestart(next)) at += 2
    else return at
  }
  throw damaged('a JPEG', 'no EOI marker at the end')
}

const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7

/** Markers without a length field. */
const isAlone = (marker: number): boolean =>
  isRestart(marker) || marker === MARKER.StartOfImage || marker === MARKER.EndOfImage || marker === TEMPORARY
