import { statSync } from 'node:fs'
import { mkdir, rm, stat, truncate, unlink } from 'node:fs/promises'
import { HeldFolder, syncFile, syncFolder } from '../../../platform/durable-file.ts'
import { Failure, storageFailure, systemCode } from '../../../platform/failure.ts'
import { retryWhileHeld } from '../../../platform/retry-while-held.ts'
import {
  type Envelope,
  endsFinished,
  isOfOtherVersion,
  parseEnvelope,
  parseTrailer,
  TRAILER_BYTES,
  type Trailer,
} from '../../../protocol/spool-file.ts'
import type { Ulid } from '../../../protocol/ulid.ts'
import { type SegmentEnd, SegmentLog, type SegmentPlace } from '../segments/segment-log.ts'
import type { SegmentRecords } from '../segments/segment-records.ts'
import { digestOf } from './digest-of.ts'
import { ImageMemory } from './image-memory.ts'
import { SpoolDraft } from './spool-draft.ts'
import { SpoolFileEnds } from './spool-file-ends.ts'
import { spoolFileFailure } from './spool-file-failure.ts'
import {
  filePath,
  heldPath,
  listShards,
  SHARDS,
  type SpoolEntry,
  segmentFolder,
  segmentNames,
  segmentPath,
  shardOf,
  shardPath,
} from './spool-names.ts'
import { SpoolWriter } from './spool-writer.ts'
import { type ImagePlace, StoredImage } from './stored-image.ts'

/** The first is enough for nearly every envelope; the second exceeds the longest one (docs/protocol.md). */
const HEAD_BYTES = 4096
const LONGEST_HEAD_BYTES = 66_000
const READ_BYTES = 256 * 1024

export interface SpoolName {
  ulid: Ulid
  /** {@link SpoolWriter.syncsBegun}; infinite if it was not recorded. */
  syncsBegun: number
}

/** The bytes that an instance must have. */
interface ExpectedImage {
  readonly ulid: Ulid
  readonly bytes: number
  readonly sealedSha256: string
}

export interface SpoolFile {
  envelope: Envelope
  trailer: Trailer
  /** Offset of the age file. */
  ageOffset: number
}

/**
 * The sealed instances on the disk, which are the truth; SQLite is their index. This is the only way to them: an
 * instance is read, looked at, listed and removed by its ULID, and {@link placeOf} alone knows where its bytes lie.
 * Names are final from the start, random, never used twice and never made from anything that a peer sent.
 */
export class Spool implements Disposable {
  readonly folder: string
  readonly #shards: readonly HeldFolder[]
  /** The buffer of the last read. It serves all reads, since each result is used before the next read. */
  readonly #scratch = Buffer.alloc(LONGEST_HEAD_BYTES)

  readonly #memory = new ImageMemory()
  readonly #segments: SegmentRecords | undefined
  readonly #log: SegmentLog

  private constructor(folder: string, segments: SegmentRecords | undefined, log: SegmentLog) {
    this.folder = folder
    this.#segments = segments
    this.#log = log
    this.#shards = Array.from({ length: SHARDS }, (_, shard) => new HeldFolder(shardPath(folder, shard)))
  }

  /**
   * Opens the folder; all its shards exist and are durable before the first instance arrives. Without `segments` only
   * files of their own are known.
   */
  static async open(
    folder: string,
    segments?: SegmentRecords,
    now: () => number = () => Date.now(),
  ): Promise<Spool> {
    try {
      await mkdir(segmentFolder(folder), { recursive: true, mode: 0o700 })
      for (let shard = 0; shard < SHARDS; shard++) {
        await mkdir(shardPath(folder, shard), { recursive: true, mode: 0o700 })
      }
      await syncFolder(folder)
    } catch (error) {
      throw storageFailure(error, `making the spool in ${folder}`)
    }
    const log = new SegmentLog({
      folder: segmentFolder(folder),
      newest: segmentNames(folder).at(-1),
      noteEnd: (end) => segments?.noteEnd(end),
      now,
    })
    return new Spool(folder, segments, log)
  }

  /** The place of an instance's bytes. It may be empty, or another one by the next turn of the event loop. */
  placeOf(ulid: Ulid): ImagePlace {
    const place = this.#segments?.placeOf(ulid)
    if (place === undefined) return { path: filePath(this.folder, ulid), offset: 0 }
    const { segment, offset, sealedBytes } = place
    return { path: segmentPath(this.folder, segment), offset, bytes: sealedBytes + TRAILER_BYTES }
  }

  /** While a file of this name exists, its instance must not be sent. */
  heldPathOf(ulid: Ulid): string {
    return heldPath(this.folder, ulid)
  }

  /**
   * Makes these names durable; those of one shard share one folder sync, or need none if one was done since they were
   * created.
   */
  async syncNames(names: readonly SpoolName[]): Promise<void> {
    const newest = new Map<number, number>()
    for (const { ulid, syncsBegun } of names) {
      const shard = shardOf(ulid)
      newest.set(shard, Math.max(newest.get(shard) ?? 0, syncsBegun))
    }
    try {
      await Promise.all(Array.from(newest, async ([shard, made]) => this.#shards[shard]?.sync(made)))
    } catch (error) {
      throw storageFailure(error, `making names durable in ${this.folder}`)
    }
  }

  /** Makes the data and the names of instances durable that were found on the disk. Throws the error of the file system. */
  async sync(ulids: readonly Ulid[]): Promise<void> {
    for (const ulid of ulids) await syncFile(this.placeOf(ulid).path)
    await this.syncNames(ulids.map((ulid) => ({ ulid, syncsBegun: Number.POSITIVE_INFINITY })))
  }

  /** Begins an instance; only the draft knows it until it is accepted. */
  begin(ulid: Ulid): SpoolDraft {
    return new SpoolDraft(ulid, this.#memory, () => this.create(ulid))
  }

  /** See {@link SegmentLog.append}. */
  append(images: readonly (readonly Buffer[])[]): Promise<{ places: SegmentPlace[]; end: SegmentEnd }> {
    return this.#log.append(images)
  }

  /** The segments on the disk, in the order in which they were made. Throws STORAGE_ERROR. */
  segments(): Ulid[] {
    return segmentNames(this.folder)
  }

  get segmentFolder(): string {
    return segmentFolder(this.folder)
  }

  /** Length of a segment. Throws the error of the file system. */
  segmentBytes(name: Ulid): number {
    return statSync(segmentPath(this.folder, name)).size
  }

  /** Makes the records of a segment durable that was found on the disk. */
  async syncSegment(name: Ulid): Promise<void> {
    await syncFile(segmentPath(this.folder, name))
  }

  /** Cuts off the end of a segment that does not grow. Throws STORAGE_ERROR. */
  async cutSegment(name: Ulid, bytes: number): Promise<void> {
    const path = segmentPath(this.folder, name)
    try {
      await truncate(path, bytes)
      await syncFile(path)
    } catch (error) {
      throw storageFailure(error, `cutting ${path}`)
    }
  }

  /** Removes a segment that no instance needs. Throws STORAGE_ERROR. */
  async removeSegment(name: Ulid): Promise<void> {
    const path = segmentPath(this.folder, name)
    await retryWhileHeld(() => unlink(path)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw storageFailure(error, `removing ${path}`)
    })
  }

  /** The segment that grows at present. */
  get growing(): Ulid | undefined {
    return this.#log.current
  }

  /** Ends the segment that grows: the next instances go into another one. */
  endSegment(): void {
    this.#log.seal()
  }

  /** Makes a file durable that holds this instance alone. */
  async syncOwnFile(ulid: Ulid): Promise<void> {
    await syncFile(filePath(this.folder, ulid))
    await this.syncNames([{ ulid, syncsBegun: Number.POSITIVE_INFINITY }])
  }

  /** Creates a file for one instance; only the writer knows it until it is complete. */
  create(ulid: Ulid): SpoolWriter {
    return SpoolWriter.create(filePath(this.folder, ulid), this.#shards[shardOf(ulid)])
  }

  /** Lists every instance in the spool by its ULID, complete or not; files with other names are left alone. */
  async *list(): AsyncGenerator<Ulid> {
    for await (const shard of this.listShards()) {
      for (const { ulid, kind } of shard) if (kind === 'file') yield ulid
    }
  }

  /** See {@link listShards}. */
  listShards(): AsyncGenerator<SpoolEntry[]> {
    return listShards(this.folder)
  }

  /** Opens an instance to be read. Throws SPOOL_FILE_MISSING, SPOOL_FILE_DAMAGED or STORAGE_ERROR. */
  async openImage(ulid: Ulid): Promise<StoredImage> {
    try {
      return await StoredImage.open(this.placeOf(ulid))
    } catch (error) {
      throw spoolFileFailure(error, `opening ${ulid}`)
    }
  }

  /**
   * Bytes `from` up to, not including, `to` of an instance, as they are sent. Throws SPOOL_FILE_MISSING,
   * SPOOL_FILE_DAMAGED or STORAGE_ERROR.
   */
  async *range(ulid: Ulid, from: number, to: number): AsyncGenerator<Buffer> {
    try {
      await using image = await this.openImage(ulid)
      for (let position = from; position < to; ) {
        const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, to - position))
        const bytesRead = await image.read(buffer, buffer.length, position)
        if (bytesRead === 0)
          throw new Failure(
            'SPOOL_FILE_DAMAGED',
            `sending ${ulid}: its file ends at ${position}, not at ${to}`,
          )
        yield buffer.subarray(0, bytesRead)
        position += bytesRead
      }
    } catch (error) {
      throw spoolFileFailure(error, `sending ${ulid}`)
    }
  }

  /**
   * Reads envelope and trailer of a complete file. Throws SPOOL_FILE_INVALID, SPOOL_FILE_MISSING or SPOOL_FILE_DAMAGED.
   */
  async read(ulid: Ulid): Promise<SpoolFile> {
    return this.readNow(ulid)
  }

  /**
   * Does the same synchronously: four times as fast when a hundred thousand files are read at start, some 4 KiB of
   * each.
   */
  readNow(ulid: Ulid): SpoolFile {
    return this.#look(ulid, (file) => {
      const trailer = parseTrailer(file.tail(TRAILER_BYTES), file.size)
      for (const bytes of [HEAD_BYTES, LONGEST_HEAD_BYTES]) {
        const read = fileOf(ulid, file.head(bytes), trailer)
        if (read !== undefined) return read
      }
      throw new Failure('SPOOL_FILE_INVALID', `reading ${ulid}: the envelope is of another file`)
    })
  }

  /** Parses bytes already read from a file. Returns undefined if they are not enough; {@link readNow} then throws the reason. */
  parseEasily(
    ulid: Ulid,
    { size, head, trailer }: { size: number; head: Buffer; trailer: Buffer },
  ): SpoolFile | undefined {
    try {
      return fileOf(ulid, head, parseTrailer(trailer, size))
    } catch {
      return undefined
    }
  }

  /** Returns true for a file that was finished once, or by another version of Ferry: it may have been accepted. */
  wasFinished(ulid: Ulid): boolean {
    return this.#look(
      ulid,
      (file) => endsFinished(file.tail(TRAILER_BYTES)) || isOfOtherVersion(file.head(TRAILER_BYTES)),
    )
  }

  /**
   * Returns SPOOL_FILE_MISSING or SPOOL_FILE_DAMAGED unless the instance is there with its full length. Its bytes are
   * not read.
   */
  async lengthFailure(ulid: Ulid, bytes: number): Promise<Failure | undefined> {
    try {
      const size = await sizeAt(this.placeOf(ulid))
      if (size === bytes) return undefined
      return new Failure(
        'SPOOL_FILE_DAMAGED',
        `looking at ${ulid}: its spool file has ${size} bytes, not ${bytes}`,
      )
    } catch (error) {
      return spoolFileFailure(error, `looking at ${ulid}`)
    }
  }

  /** Returns true if a file of its own holds these bytes, wherever the index says that they lie. */
  async isOwnFileWhole({ ulid, bytes, sealedSha256 }: ExpectedImage): Promise<boolean> {
    try {
      await using image = await StoredImage.open({ path: filePath(this.folder, ulid), offset: 0 })
      return image.bytes === bytes && (await digestOf(image, bytes - TRAILER_BYTES)) === sealedSha256
    } catch {
      return false
    }
  }

  /** Returns true if the instance's bytes are there, or a part of them. */
  async has(ulid: Ulid): Promise<boolean> {
    return sizeAt(this.placeOf(ulid)).then(
      () => true,
      () => false,
    )
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]()
    for (const shard of this.#shards) shard[Symbol.dispose]()
  }

  #look<Result>(ulid: Ulid, look: (file: SpoolFileEnds) => Result): Result {
    try {
      using file = new SpoolFileEnds(this.placeOf(ulid), this.#scratch)
      return look(file)
    } catch (error) {
      throw spoolFileFailure(error, `reading ${ulid}`)
    }
  }

  /**
   * Removes an instance's own file, and then its `.held` file; the record of one in a segment goes with its segment. One that is already gone counts as removed: if a crash undoes the
   * unlink, it is repeated.
   */
  async remove(ulid: Ulid): Promise<void> {
    await this.removeOwnFile(ulid)
    await this.removeHeld(ulid)
  }

  /** Removes the file that holds this instance alone; no such file counts as removed. Throws STORAGE_ERROR. */
  async removeOwnFile(ulid: Ulid): Promise<void> {
    const path = filePath(this.folder, ulid)
    await retryWhileHeld(() => unlink(path)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw storageFailure(error, `removing ${path}`)
    })
  }

  /**
   * Removes a `.held` file, whose spool file is gone or was released by a person. Not yet durable. Also removes a
   * folder of that name.
   */
  async removeHeld(ulid: Ulid): Promise<void> {
    const path = this.heldPathOf(ulid)
    await rm(path, { force: true, recursive: true }).catch((error: unknown) => {
      throw storageFailure(error, `removing ${path}`)
    })
  }
}

/** Returns undefined if `head` is too short for the envelope, or belongs to another file. */
function fileOf(ulid: Ulid, head: Buffer, trailer: Trailer): SpoolFile | undefined {
  const parsed = parseEnvelope(head)
  if (parsed?.envelope.ulid !== ulid) return undefined
  return { envelope: parsed.envelope, trailer, ageOffset: parsed.bytesRead }
}

/** The number of bytes at this place. Throws the error of the file system. */
async function sizeAt({ path, offset, bytes }: ImagePlace): Promise<number> {
  const there = Math.max(0, (await stat(path)).size - offset)
  return Math.min(there, bytes ?? there)
}
