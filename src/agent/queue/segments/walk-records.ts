import { hash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { Failure, systemCode } from '../../../platform/failure.ts'
import {
  type Envelope,
  parseEnvelope,
  parseTrailer,
  TRAILER_BYTES,
  type Trailer,
} from '../../../protocol/spool-file.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import {
  BLOCK_BYTES,
  isSegmentOfOtherVersion,
  markOf,
  parseRecordHead,
  RECORD_HEAD_BYTES,
  recordBytes,
  segmentFileName,
} from './segment-format.ts'

/** Images above this size are files of their own; a longer one in a record head is not ours. */
const LONGEST_IMAGE_BYTES = 64 * 1024 * 1024
/** Enough for a record head and nearly every envelope; the second exceeds the longest one (docs/protocol.md). */
const HEAD_BYTES = 4096
const LONGEST_HEAD_BYTES = 66_000 + RECORD_HEAD_BYTES

/** A record whose head, envelope and trailer are whole and fit each other. */
export interface FoundRecord {
  readonly kind: 'record'
  readonly envelope: Envelope
  readonly trailer: Trailer
  /** Offset of the image. */
  readonly offset: number
  /** Offset after the record and its padding. */
  readonly end: number
}

/** Bytes between two records, or before the end, that do not read as a record. */
interface FoundGap {
  readonly kind: 'gap'
  readonly offset: number
  readonly end: number
}

interface WalkOptions {
  /** The first record to read begins here. */
  readonly from?: number
  /** Nothing from here on counts. */
  readonly to?: number
  /** True if every byte is compared with the digest of the trailer: for records that may be torn. */
  readonly verify: boolean
}

/**
 * Finds the records of a segment, in their order. After damage it goes on at the next block at which a record begins. The
 * segment's own head is not needed. Throws the error of the file system, unless the disk cannot read a block.
 */
export function* walkRecords(
  folder: string,
  name: Ulid,
  { from = BLOCK_BYTES, to = Number.POSITIVE_INFINITY, verify }: WalkOptions,
): Generator<FoundRecord | FoundGap> {
  const descriptor = openSync(join(folder, segmentFileName(name)), 'r')
  try {
    const size = Math.min(fstatSync(descriptor).size, to)
    const reader = new RecordReader(descriptor, markOf(name), size, verify)
    let gap: number | undefined
    for (let at = from; at < size; ) {
      const record = reader.read(at)
      if (record === undefined) {
        gap ??= at
        at += BLOCK_BYTES
        continue
      }
      if (gap !== undefined) yield { kind: 'gap', offset: gap, end: at }
      gap = undefined
      yield record
      at = record.end
    }
    if (gap !== undefined) yield { kind: 'gap', offset: gap, end: size }
  } finally {
    closeSync(descriptor)
  }
}

/** Returns true if another version of Ferry wrote the segment. Throws the error of the file system. */
export function isOtherVersions(folder: string, name: Ulid): boolean {
  const descriptor = openSync(join(folder, segmentFileName(name)), 'r')
  try {
    const head = Buffer.alloc(BLOCK_BYTES)
    return isSegmentOfOtherVersion(head.subarray(0, readSync(descriptor, head, 0, BLOCK_BYTES, 0)))
  } finally {
    closeSync(descriptor)
  }
}

class RecordReader {
  readonly #descriptor: number
  readonly #mark: Buffer
  readonly #size: number
  readonly #verify: boolean
  readonly #scratch = Buffer.alloc(LONGEST_HEAD_BYTES)

  constructor(descriptor: number, mark: Buffer, size: number, verify: boolean) {
    this.#descriptor = descriptor
    this.#mark = mark
    this.#size = size
    this.#verify = verify
  }

  /** Returns the record that begins at this block; undefined if no whole one does. */
  read(at: number): FoundRecord | undefined {
    let head = this.#readAt(at, HEAD_BYTES)
    const bytes = parseRecordHead(head, this.#mark)
    if (bytes === undefined || bytes < TRAILER_BYTES || bytes > LONGEST_IMAGE_BYTES) return undefined
    const offset = at + RECORD_HEAD_BYTES
    if (offset + bytes > this.#size) return undefined
    try {
      const trailer = parseTrailer(Buffer.from(this.#trailerAt(offset + bytes - TRAILER_BYTES)), bytes)
      head = this.#readAt(at, HEAD_BYTES)
      let parsed = parseEnvelope(head.subarray(RECORD_HEAD_BYTES, RECORD_HEAD_BYTES + bytes))
      if (parsed === undefined) {
        head = this.#readAt(at, LONGEST_HEAD_BYTES)
        parsed = parseEnvelope(head.subarray(RECORD_HEAD_BYTES, RECORD_HEAD_BYTES + bytes))
      }
      if (parsed === undefined || (this.#verify && !this.#isWhole(offset, trailer))) return undefined
      return { kind: 'record', envelope: parsed.envelope, trailer, offset, end: at + recordBytes(bytes) }
    } catch (error) {
      if (isDamage(error)) return undefined
      throw error
    }
  }

  #isWhole(offset: number, { sealedBytes, sealedSha256 }: Trailer): boolean {
    const sealed = Buffer.allocUnsafe(sealedBytes)
    const bytesRead = readSync(this.#descriptor, sealed, 0, sealedBytes, offset)
    return bytesRead === sealedBytes && hash('sha256', sealed) === sealedSha256
  }

  #trailerAt(position: number): Buffer {
    return this.#readAt(position, TRAILER_BYTES)
  }

  /** A block that the disk cannot read is damage like any other. */
  #readAt(position: number, length: number): Buffer {
    try {
      const wanted = Math.max(0, Math.min(length, this.#size - position))
      return this.#scratch.subarray(0, readSync(this.#descriptor, this.#scratch, 0, wanted, position))
    } catch (error) {
      if (isDamage(error)) return this.#scratch.subarray(0, 0)
      throw error
    }
  }
}

function isDamage(error: unknown): boolean {
  return systemCode(error) === 'EIO' || (error instanceof Failure && error.code === 'SPOOL_FILE_INVALID')
}
