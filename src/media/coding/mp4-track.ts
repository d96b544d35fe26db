import { type Box, boxAt, boxesIn } from './boxes.ts'
import { readH264Parameters } from './h264-parameters.ts'
import { SampleDurations } from './sample-durations.ts'
import type { CodedPicture } from './video.ts'

/** A track of an MP4 file, as its `trak` describes it. */
export interface Mp4Track {
  readonly id: number
  readonly handler: string
  /** Units of a second in which durations are counted. */
  readonly timescale: number
  /** The four characters of its first sample entry. */
  readonly coding: string
  /** The fields of the sample entry. */
  readonly entry: Buffer
  /** Number of samples that `trak` itself describes, and their durations. */
  readonly samples: number
  readonly durations: SampleDurations
  readonly isTurned: boolean
  /** Offsets of the pieces of its samples in the file. */
  readonly lastChunkOffset: number
}

/** Fields of a visual sample entry before its boxes (ISO 14496-12 §12.1.3). */
const VISUAL_BYTES = 78
const AUDIO_BYTES = 28
const ONE = 0x0001_0000

/** Reads a `trak` box; undefined if it lacks a part that every track has. */
export function readTrack(trak: Buffer): Mp4Track | undefined {
  const boxes = boxesIn(trak)
  const [header, mediaHeader] = [boxAt(boxes, 'tkhd'), boxAt(boxes, 'mdia', 'mdhd')]
  const handler = boxAt(boxes, 'mdia', 'hdlr')
  const table = boxesIn(boxAt(boxes, 'mdia', 'minf', 'stbl') ?? Buffer.alloc(0))
  const description = boxAt(table, 'stsd')
  const entry = description === undefined ? undefined : boxesIn(description, 8)[0]
  if (header === undefined || mediaHeader === undefined || handler === undefined || entry === undefined)
    return undefined
  const isLong = header[0] === 1
  const idAt = isLong ? 20 : 12
  const timescaleAt = mediaHeader[0] === 1 ? 20 : 12
  if (header.length < idAt + 4 || mediaHeader.length < timescaleAt + 4 || handler.length < 12)
    return undefined
  return {
    id: header.readUInt32BE(idAt),
    handler: handler.toString('latin1', 8, 12),
    timescale: mediaHeader.readUInt32BE(timescaleAt),
    coding: entry.type,
    entry: entry.body,
    samples: sampleCount(table),
    durations: SampleDurations.ofTable(boxAt(table, 'stts')),
    isTurned: isTurned(header.subarray(isLong ? 52 : 40)),
    lastChunkOffset: lastChunkOffset(table),
  }
}

/** Reads the entry of H.264 or HEVC; undefined if the configuration of the decoder is missing or cut off. */
export function readPictureEntry({ coding, entry }: Mp4Track): CodedPicture | undefined {
  if (entry.length < VISUAL_BYTES) return undefined
  const size = { columns: entry.readUInt16BE(24), rows: entry.readUInt16BE(26) }
  const boxes = boxesIn(entry, VISUAL_BYTES)
  const ratio = boxAt(boxes, 'pasp')
  const isSquare = ratio === undefined || ratio.length < 8 || ratio.readUInt32BE(0) === ratio.readUInt32BE(4)
  const configuration = boxAt(boxes, coding.startsWith('avc') ? 'avcC' : 'hvcC')
  if (configuration === undefined) return undefined
  return coding.startsWith('avc')
    ? h264Entry(configuration, size, isSquare)
    : hevcEntry(configuration, size, isSquare)
}

type Size = { readonly columns: number; readonly rows: number }

/** AVCDecoderConfigurationRecord (ISO 14496-15 §5.3.3.1); `avc3` has the parameter sets in the stream instead. */
function h264Entry(record: Buffer, size: Size, isSquare: boolean): CodedPicture | undefined {
  if (record.length < 7) return undefined
  const length = record.length >= 8 ? record.readUInt16BE(6) : 0
  const hasSet = (record.readUInt8(5) & 0x1f) > 0
  const set = hasSet ? readH264Parameters(record.subarray(8, 8 + length)) : undefined
  return {
    ...size,
    ...(set === undefined ? {} : { columns: set.columns, rows: set.rows }),
    profile: record.readUInt8(1),
    level: record.readUInt8(3),
    isHighTier: false,
    bits: set?.bits ?? 8,
    chromaFormat: set?.chromaFormat ?? 1,
    hasSquarePixels: isSquare && set?.hasSquarePixels !== false,
  }
}

/** HEVCDecoderConfigurationRecord (ISO 14496-15 §8.3.3.1). */
function hevcEntry(record: Buffer, size: Size, isSquare: boolean): CodedPicture | undefined {
  if (record.length < 23) return undefined
  return {
    ...size,
    profile: record.readUInt8(1) & 0x1f,
    level: record.readUInt8(12),
    isHighTier: (record.readUInt8(1) & 0x20) !== 0,
    bits: 8 + Math.max(record.readUInt8(17) & 7, record.readUInt8(18) & 7),
    chromaFormat: record.readUInt8(16) & 3,
    hasSquarePixels: isSquare,
  }
}

/** Names the coding of sound: that of its descriptor for `mp4a` (ISO 14496-1 §7.2.6.6), otherwise its four characters. */
export function soundOf({ coding, entry }: Mp4Track): string {
  if (coding !== 'mp4a') return coding
  const descriptor = boxAt(boxesIn(entry, AUDIO_BYTES), 'esds')
  const type = descriptor === undefined ? undefined : objectType(descriptor.subarray(4))
  if (type === 0x40 || (type !== undefined && type >= 0x66 && type <= 0x68)) return 'AAC'
  if (type === 0x69 || type === 0x6b) return 'MPEG audio'
  return type === undefined ? coding : `${coding} ${type.toString(16)}`
}

/** The first byte of the decoder configuration in an elementary stream descriptor. */
function objectType(bytes: Buffer): number | undefined {
  const begin = bodyOf(bytes, 0, 3)
  if (begin === undefined) return undefined
  const flags = bytes[begin + 2] ?? 0
  const optional = ((flags & 0x80) !== 0 ? 2 : 0) + ((flags & 0x20) !== 0 ? 2 : 0)
  const configuration = bodyOf(bytes, begin + 3 + optional, 4)
  return configuration === undefined ? undefined : bytes[configuration]
}

/** The place after tag and length, which has one to four bytes. */
function bodyOf(bytes: Buffer, at: number, tag: number): number | undefined {
  if (bytes[at] !== tag) return undefined
  let end = at + 1
  while (((bytes[end] ?? 0) & 0x80) !== 0 && end < at + 4) end++
  return end + 1
}

function sampleCount(table: readonly Box[]): number {
  const sizes = boxAt(table, 'stsz') ?? boxAt(table, 'stz2')
  return sizes === undefined || sizes.length < 12 ? 0 : sizes.readUInt32BE(8)
}

function lastChunkOffset(table: readonly Box[]): number {
  const [short, long] = [boxAt(table, 'stco'), boxAt(table, 'co64')]
  let last = 0
  if (short !== undefined)
    for (let at = 8; at + 4 <= short.length; at += 4) last = Math.max(last, short.readUInt32BE(at))
  if (long !== undefined)
    for (let at = 8; at + 8 <= long.length; at += 8) last = Math.max(last, Number(long.readBigUInt64BE(at)))
  return last
}

/** True unless the matrix leaves the picture upright: the first four of its numbers are 1, 0, 0, 1. */
function isTurned(matrix: Buffer): boolean {
  if (matrix.length < 36) return false
  return ![ONE, 0, undefined, 0, ONE].every(
    (wanted, i) => wanted === undefined || matrix.readInt32BE(4 * i) === wanted,
  )
}
