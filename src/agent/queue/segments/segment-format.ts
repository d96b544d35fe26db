import { crc32 } from 'node:zlib'
import { SUITE } from '../../../protocol/spool-file.ts'
import { parseUlid, type Ulid } from '../../../protocol/ulid.ts'

/*
 * A segment `<ULID>.seg` (docs/protocol.md, "Segment"). Each record begins at a multiple of 4096, so that no block of an
 * accepted record is ever written again. Numbers are big-endian.
 *
 *   segment head   4096   magic 8 | version u16 | suite u16 | 0 u32 | id 16 | CRC-32 of these u32 | zeros
 *   record head      32   magic 8 | the last 8 bytes of the segment's id | image bytes u32 | number u32 | 0 u32 | CRC-32 of these u32
 *   image                 a whole spool file: envelope | age file | trailer
 *   zeros                 up to the next multiple of 4096
 *
 * The id is the ULID of the name as 128 bits. Its last 8 bytes are random: a record of another segment, in stale blocks or
 * inside an image, is never taken for a record of this one.
 */
export const BLOCK_BYTES = 4096
export const RECORD_HEAD_BYTES = 32

const SEGMENT_MAGIC = Buffer.from('FERRYSEG', 'latin1')
const RECORD_MAGIC = Buffer.from('FERRYREC', 'latin1')
const VERSION = 1
const SEGMENT_HEAD_BYTES = 36
const MARK_BYTES = 8
const ZEROS = Buffer.alloc(BLOCK_BYTES)
const SUFFIX = '.seg'
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export const segmentFileName = (name: Ulid): string => name + SUFFIX

/** Returns undefined for a file that is not a segment. */
export function segmentOfFile(fileName: string): Ulid | undefined {
  if (!fileName.endsWith(SUFFIX)) return undefined
  try {
    return parseUlid(fileName.slice(0, -SUFFIX.length))
  } catch {
    return undefined
  }
}

/** The first bytes of the segment of this name. */
export function encodeSegmentHead(name: Ulid): Buffer {
  const head = Buffer.alloc(BLOCK_BYTES)
  SEGMENT_MAGIC.copy(head)
  head.writeUInt16BE(VERSION, 8)
  head.writeUInt16BE(SUITE, 10)
  idOf(name).copy(head, 16)
  head.writeUInt32BE(crc32(head.subarray(0, 32)), 32)
  return head
}

/**
 * Returns true for a segment that another version of Ferry wrote. A damaged head does not
 * count: the name of the file is enough to read the records.
 */
export function isSegmentOfOtherVersion(head: Buffer): boolean {
  if (head.length < SEGMENT_HEAD_BYTES || !head.subarray(0, 8).equals(SEGMENT_MAGIC)) return false
  if (head.readUInt32BE(32) !== crc32(head.subarray(0, 32))) return false
  return head.readUInt16BE(8) !== VERSION || head.readUInt16BE(10) !== SUITE
}

/** The 8 bytes that each record of the segment bears. */
export const markOf = (name: Ulid): Buffer => idOf(name).subarray(-MARK_BYTES)

/** Head and padding of a record: the bytes before and after its image. */
export function frameRecord(
  mark: Buffer,
  imageBytes: number,
  number: number,
): { head: Buffer; padding: Buffer } {
  const head = Buffer.alloc(RECORD_HEAD_BYTES)
  RECORD_MAGIC.copy(head)
  mark.copy(head, 8)
  head.writeUInt32BE(imageBytes, 16)
  head.writeUInt32BE(number, 20)
  head.writeUInt32BE(crc32(head.subarray(0, 28)), 28)
  return { head, padding: ZEROS.subarray(0, recordBytes(imageBytes) - RECORD_HEAD_BYTES - imageBytes) }
}

/** Bytes of a whole record with its padding. */
export const recordBytes = (imageBytes: number): number =>
  Math.ceil((RECORD_HEAD_BYTES + imageBytes) / BLOCK_BYTES) * BLOCK_BYTES

/** Returns the length of the image of the record that begins here; undefined if no record of this segment does. */
export function parseRecordHead(head: Buffer, mark: Buffer): number | undefined {
  if (head.length < RECORD_HEAD_BYTES || !head.subarray(0, 8).equals(RECORD_MAGIC)) return undefined
  if (!head.subarray(8, 16).equals(mark) || head.readUInt32BE(28) !== crc32(head.subarray(0, 28)))
    return undefined
  return head.readUInt32BE(16)
}

function idOf(name: Ulid): Buffer {
  let bits = 0n
  for (const digit of name) bits = bits * 32n + BigInt(DIGITS.indexOf(digit))
  return Buffer.from(bits.toString(16).padStart(32, '0'), 'hex')
}
