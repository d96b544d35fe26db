import { TRANSFER_SYNTAX } from './transfer-syntax.ts'

/** Frames of these markers have no length field: SOI, EOI, RST0 to RST7, TEM (ITU-T T.81 §B.1.1.3). */
const ALONE = new Set([0xd8, 0xd9, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0x01])
const START_OF_SCAN = 0xda
const START_OF_FRAME = {
  baseline: 0xc0,
  extended: 0xc1,
  lossless: 0xc3,
  jpegLs: 0xf7,
} as const
const JPEG_2000 = { start: 0xff4f, capabilities: 0x50, codingStyle: 0x52, tile: 0x90 } as const
/** The first fragment of a frame begins with the number of segments and the place of the first (PS3.5 §G.5). */
const RLE_HEADER_BYTES = 64

/**
 * Determines the transfer syntax of compressed pixel data from the first bytes of its first fragment. Undefined if the
 * bytes do not show it, as with videos and with HTJ2K, whose syntaxes do not differ in these bytes.
 */
export function compressionOf(fragment: Buffer): string | undefined {
  if (fragment.length < 4) return undefined
  if (fragment.readUInt16BE(0) === JPEG_2000.start) return jpeg2000(fragment)
  if (fragment.readUInt16BE(0) === 0xffd8) return jpeg(fragment)
  return isRle(fragment) ? TRANSFER_SYNTAX.RLELossless : undefined
}

function jpeg(bytes: Buffer): string | undefined {
  let frame: number | undefined
  for (const { marker, at } of segments(bytes)) {
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) frame = marker
    if (marker === START_OF_FRAME.jpegLs) frame = marker
    if (marker === START_OF_SCAN) return jpegSyntax(frame, selectionStart(bytes, at))
  }
  return undefined
}

/** `selection`: the predictor of lossless JPEG, and the error that JPEG-LS allows. */
function jpegSyntax(frame: number | undefined, selection: number | undefined): string | undefined {
  if (selection === undefined) return undefined
  if (frame === START_OF_FRAME.baseline) return TRANSFER_SYNTAX.JPEGBaseline8Bit
  if (frame === START_OF_FRAME.extended) return TRANSFER_SYNTAX.JPEGExtended12Bit
  if (frame === START_OF_FRAME.lossless)
    return selection === 1 ? TRANSFER_SYNTAX.JPEGLosslessSV1 : TRANSFER_SYNTAX.JPEGLossless
  if (frame === START_OF_FRAME.jpegLs)
    return selection === 0 ? TRANSFER_SYNTAX.JPEGLSLossless : TRANSFER_SYNTAX.JPEGLSNearLossless
  return undefined
}

/** The byte after the components of a scan header. */
function selectionStart(bytes: Buffer, scanAt: number): number | undefined {
  const components = bytes[scanAt + 4]
  return components === undefined ? undefined : bytes[scanAt + 5 + 2 * components]
}

function jpeg2000(bytes: Buffer): string | undefined {
  for (const { marker, at } of segments(bytes)) {
    if (marker === JPEG_2000.capabilities || marker === JPEG_2000.tile) return undefined
    if (marker !== JPEG_2000.codingStyle) continue
    const transformation = bytes[at + 13]
    if (transformation === undefined) return undefined
    return transformation === 1 ? TRANSFER_SYNTAX.JPEG2000Lossless : TRANSFER_SYNTAX.JPEG2000
  }
  return undefined
}

/** Marker segments, from the second marker on. */
function* segments(bytes: Buffer): Generator<{ marker: number; at: number }> {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1] ?? 0
    // A fill byte before a marker.
    if (marker === 0xff) at++
    else {
      yield { marker, at }
      at += 2 + (ALONE.has(marker) ? 0 : bytes.readUInt16BE(at + 2))
    }
  }
}

function isRle(bytes: Buffer): boolean {
  if (bytes.length < RLE_HEADER_BYTES) return false
  const segmentCount = bytes.readUInt32LE(0)
  return segmentCount >= 1 && segmentCount <= 15 && bytes.readUInt32LE(4) === RLE_HEADER_BYTES
}
