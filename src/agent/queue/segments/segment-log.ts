import {
  closeSync,
  fdatasync,
  fsync,
  ftruncateSync,
  openSync,
  unlinkSync,
  writeSync,
  writevSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { syncFolder } from '../../../platform/durable-file.ts'
import { Failure, storageFailure } from '../../../platform/failure.ts'
import { newUlid, type Ulid, ulidTime } from '../../../protocol/ulid.ts'
import {
  BLOCK_BYTES,
  encodeSegmentHead,
  frameRecord,
  markOf,
  RECORD_HEAD_BYTES,
  recordBytes,
  segmentFileName,
} from './segment-format.ts'

/** A segment takes no further group from this length on. */
const SEGMENT_BYTES = 64 * 1024 * 1024
/** Maximum number of pieces that one writev takes (IOV_MAX). */
const PIECES = 1024

/** The place of an image in a segment. */
export interface SegmentPlace {
  readonly segment: Ulid
  readonly offset: number
}

/** The end of a group: everything before it in this segment is on the disk. */
export interface SegmentEnd {
  readonly segment: Ulid
  readonly end: number
}

interface SegmentLogOptions {
  readonly folder: string
  /** The newest segment that exists; names go on from there. */
  readonly newest: Ulid | undefined
  /** Records durably that nothing from `end` on counts in this segment. Throws DATABASE_ERROR. */
  readonly noteEnd: (end: SegmentEnd) => void
  readonly now: () => number
  readonly disk?: SegmentDisk
}

/** The calls by which a segment is written; a test replaces them to make the disk fail. */
export interface SegmentDisk {
  writev(descriptor: number, pieces: readonly Buffer[], position: number): number
  truncate(descriptor: number, bytes: number): void
  datasync(descriptor: number): Promise<void>
}

interface OpenSegment {
  readonly name: Ulid
  readonly descriptor: number
  readonly mark: Buffer
  /** The end of the last group that was synced. */
  end: number
  records: number
}

/**
 * Appends groups of whole images to segments. One group is one writev and one fdatasync, and the next one waits for it:
 * while a segment is being synced nothing writes to it. A failed group leaves nothing behind that could count later: a
 * group that was not written whole is cut off again, and after a failed sync the segment is closed for good, because a
 * second sync would report pages as written that are not.
 */
export class SegmentLog implements Disposable {
  readonly #options: SegmentLogOptions
  readonly #disk: SegmentDisk
  #open: OpenSegment | undefined
  #newest: Ulid | undefined
  #isWriting = false
  #isSealed = false
  /** A segment with a failed sync that could be neither cut off nor noted: nothing is taken until one of both works. */
  #unsafe: { segment: OpenSegment; failure: Failure } | undefined

  constructor(options: SegmentLogOptions) {
    this.#options = options
    this.#disk = options.disk ?? SYSTEM_DISK
    this.#newest = options.newest
  }

  /** The segment that the next group may go into. */
  get current(): Ulid | undefined {
    return this.#open?.name
  }

  /**
   * Makes a group durable. Resolves to the place of each image and the end of the group. Rejects with STORAGE_FULL or
   * STORAGE_ERROR: none of the group then counts. Call it again only after it has settled.
   */
  async append(images: readonly (readonly Buffer[])[]): Promise<{ places: SegmentPlace[]; end: SegmentEnd }> {
    if (this.#isWriting) throw new Failure('INTERNAL', 'appending to a segment: a group is being written')
    this.#isWriting = true
    try {
      this.#makeSafe()
      const segment = await this.#segment()
      const { places, end } = this.#write(segment, images)
      await this.#sync(segment)
      segment.end = end
      return { places, end: { segment: segment.name, end } }
    } catch (error) {
      throw storageFailure(error, `appending to a segment in ${this.#options.folder}`)
    } finally {
      this.#isWriting = false
      if (this.#isSealed) this.seal()
    }
  }

  /** Ends the current segment: the next group goes into another one. */
  seal(): void {
    this.#isSealed = this.#isWriting
    if (!this.#isWriting) this.#close()
  }

  [Symbol.dispose](): void {
    this.#close()
    if (this.#unsafe !== undefined) closeSync(this.#unsafe.segment.descriptor)
  }

  #close(): void {
    if (this.#open !== undefined) closeSync(this.#open.descriptor)
    this.#open = undefined
  }

  async #segment(): Promise<OpenSegment> {
    if (this.#open !== undefined && this.#open.end >= SEGMENT_BYTES) this.#close()
    this.#open ??= await this.#make()
    return this.#open
  }

  /** The name and the head are durable before the first record comes. */
  async #make(): Promise<OpenSegment> {
    const { folder, now } = this.#options
    // In the order of the log, even if the clock was set back.
    const name = newUlid(Math.max(now(), this.#newest === undefined ? 0 : ulidTime(this.#newest) + 1))
    const path = join(folder, segmentFileName(name))
    const descriptor = openSync(path, 'wx+', 0o600)
    try {
      writeSync(descriptor, encodeSegmentHead(name), 0, BLOCK_BYTES, 0)
      await syncDescriptor(descriptor)
      await syncFolder(folder)
    } catch (error) {
      closeSync(descriptor)
      unlinkSync(path)
      throw error
    }
    this.#newest = name
    return { name, descriptor, mark: markOf(name), end: BLOCK_BYTES, records: 0 }
  }

  #write(
    segment: OpenSegment,
    images: readonly (readonly Buffer[])[],
  ): { places: SegmentPlace[]; end: number } {
    const places: SegmentPlace[] = []
    const pieces: Buffer[] = []
    let at = segment.end
    for (const image of images) {
      const bytes = image.reduce((sum, piece) => sum + piece.length, 0)
      const { head, padding } = frameRecord(segment.mark, bytes, segment.records++)
      places.push({ segment: segment.name, offset: at + RECORD_HEAD_BYTES })
      pieces.push(head, ...image, padding)
      at += recordBytes(bytes)
    }
    try {
      this.#writeAll(segment, pieces)
    } catch (error) {
      this.#cutBack(segment, error)
      throw error
    }
    return { places, end: at }
  }

  /** The system may take fewer bytes than it is given; on a full disk the next call then says so. */
  #writeAll({ descriptor, end }: OpenSegment, pieces: readonly Buffer[]): void {
    let position = end
    for (let at = 0; at < pieces.length; at += PIECES) {
      const some = pieces.slice(at, at + PIECES)
      const bytes = some.reduce((sum, piece) => sum + piece.length, 0)
      let written = this.#disk.writev(descriptor, some, position)
      while (written < bytes) {
        const more = this.#disk.writev(
          descriptor,
          [Buffer.concat(some).subarray(written)],
          position + written,
        )
        if (more === 0) throw new Failure('STORAGE_FULL', 'writing a group: the disk took only a part of it')
        written += more
      }
      position += bytes
    }
  }

  /** Nothing of a group that was not written whole may be found at the next start. */
  #cutBack(segment: OpenSegment, error: unknown): void {
    try {
      this.#disk.truncate(segment.descriptor, segment.end)
    } catch {
      this.#closeForGood(segment, error)
    }
  }

  async #sync(segment: OpenSegment): Promise<void> {
    try {
      await this.#disk.datasync(segment.descriptor)
    } catch (error) {
      this.#closeForGood(segment, error)
      throw error
    }
  }

  /**
   * The records after the last good group may be whole in memory and never reach the disk. A later start of this
   * process on the same machine would find them whole, so they are cut off, and noted as not counting.
   */
  #closeForGood(segment: OpenSegment, error: unknown): void {
    this.#open = undefined
    this.#isSealed = false
    this.#unsafe = { segment, failure: storageFailure(error, 'syncing a segment') }
    try {
      this.#makeSafe()
    } catch {
      // The next group is refused, and tries it again.
    }
  }

  #makeSafe(): void {
    if (this.#unsafe === undefined) return
    const { segment } = this.#unsafe
    const isCut = succeeds(() => this.#disk.truncate(segment.descriptor, segment.end))
    const isNoted = succeeds(() => this.#options.noteEnd({ segment: segment.name, end: segment.end }))
    if (!isCut && !isNoted)
      throw new Failure(
        'STORAGE_ERROR',
        `closing the segment ${segment.name} after a failed sync: it can be neither cut off nor noted in the index`,
        { cause: this.#unsafe.failure },
      )
    this.#unsafe = undefined
    closeSync(segment.descriptor)
  }
}

const syncDescriptor = promisify(fsync)

const SYSTEM_DISK: SegmentDisk = {
  writev: (descriptor, pieces, position) => writevSync(descriptor, [...pieces], position),
  truncate: (descriptor, bytes) => ftruncateSync(descriptor, bytes),
  datasync: promisify(fdatasync),
}

function succeeds(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}
