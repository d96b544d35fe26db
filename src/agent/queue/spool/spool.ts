import { mkdir, rm, stat, unlink } from 'node:fs/promises'
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
import { SpoolFileEnds } from './spool-file-ends.ts'
import { spoolFileFailure } from './spool-file-failure.ts'
import { filePath, heldPath, listShards, SHARDS, type SpoolEntry, shardOf, shardPath } from './spool-names.ts'
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

  private constructor(folder: string) {
    this.folder = folder
    this.#shards = Array.from({ length: SHARDS }, (_, shard) => new HeldFolder(shardPath(folder, shard)))
  }

  /** Opens the folder; all its shards exist and are durable before the first instance arrives. */
  static async open(folder: string): Promise<Spool> {
    try {
      for (let shard = 0; shard < SHARDS; shard++) {
        await mkdir(shardPath(folder, shard), { recursive: true, mode: 0o700 })
      }
      await syncFolder(folder)
    } catch (error) {
      throw storageFailure(error, `making the spool in ${folder}`)
    }
    return new Spool(folder)
  }

  /** The place of an instance's bytes. It may be empty, or another one by the next turn of the event loop. */
  placeOf(ulid: Ulid): ImagePlace {
    return { path: filePath(this.folder, ulid), offset: 0 }
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

  /** Returns true if the instance's bytes are there, or a part of them. */
  async has(ulid: Ulid): Promise<boolean> {
    return sizeAt(this.placeOf(ulid)).then(
      () => true,
      () => false,
    )
  }

  [Symbol.dispose](): void {
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
   * Removes an instance, and then its `.held` file. One that is already gone counts as removed: if a crash undoes the
   * unlink, it is repeated.
   */
  async remove(ulid: Ulid): Promise<void> {
    const path = filePath(this.folder, ulid)
    await retryWhileHeld(() => unlink(path)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw storageFailure(error, `removing ${path}`)
    })
    await this.removeHeld(ulid)
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
