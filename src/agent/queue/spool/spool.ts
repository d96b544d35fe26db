import { mkdir, readdir, rm, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { HeldFolder, syncFolder } from '../../../platform/durable-file.ts'
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
import { isUlid, type Ulid, ulidTime } from '../../../protocol/ulid.ts'
import { SpoolFileEnds } from './spool-file-ends.ts'
import { SpoolWriter } from './spool-writer.ts'

const SHARDS = 32
const SUFFIX = '.ferry'
/** The file that marks a spool file which must not be sent (held-files.ts). */
const HELD_SUFFIX = '.held'
/** The first is enough for nearly every envelope; the second exceeds the longest one (docs/protocol.md). */
const HEAD_BYTES = 4096
const LONGEST_HEAD_BYTES = 66_000

export interface SpoolName {
  ulid: Ulid
  /** {@link SpoolWriter.syncsBegun}; infinite if it was not recorded. */
  syncsBegun: number
}

/** A name in the spool: a spool file, or its `.held` file. */
interface SpoolEntry {
  ulid: Ulid
  kind: 'file' | 'held'
}

export interface SpoolFile {
  envelope: Envelope
  trailer: Trailer
  /** Offset of the age file. */
  ageOffset: number
}

/**
 * The folder of spool files, which is the truth; SQLite is its index. Names are final from the start, random, never used
 * twice and never made from anything that a peer sent. The shard of a name is the second in which it was made, so that
 * instances that arrive together share one folder sync.
 */
export class Spool implements Disposable {
  readonly folder: string
  readonly #shards: readonly HeldFolder[]
  /** The buffer of the last read. It serves all reads, since each result is used before the next read. */
  readonly #scratch = Buffer.alloc(LONGEST_HEAD_BYTES)

  private constructor(folder: string) {
    this.folder = folder
    this.#shards = Array.from(
      { length: SHARDS },
      (_, shard) => new HeldFolder(join(folder, shardName(shard))),
    )
  }

  /** Opens the folder; all its shards exist and are durable before the first instance arrives. */
  static async open(folder: string): Promise<Spool> {
    try {
      for (let shard = 0; shard < SHARDS; shard++) {
        await mkdir(join(folder, shardName(shard)), { recursive: true, mode: 0o700 })
      }
      await syncFolder(folder)
    } catch (error) {
      throw storageFailure(error, `making the spool in ${folder}`)
    }
    return new Spool(folder)
  }

  pathOf(ulid: Ulid): string {
    return join(this.folder, shardName(shardOf(ulid)), ulid + SUFFIX)
  }

  /** While a file of this name exists, its spool file must not be sent. */
  heldPathOf(ulid: Ulid): string {
    return join(this.folder, shardName(shardOf(ulid)), ulid + HELD_SUFFIX)
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

  /** Creates a file for one instance; only the writer knows it until it is complete. */
  create(ulid: Ulid): SpoolWriter {
    return SpoolWriter.create(this.pathOf(ulid), this.#shards[shardOf(ulid)])
  }

  /** Lists every file in the spool by its ULID, complete or not; files with other names are left alone. */
  async *list(): AsyncGenerator<Ulid> {
    for await (const shard of this.listShards()) {
      for (const { ulid, kind } of shard) if (kind === 'file') yield ulid
    }
  }

  /**
   * Lists folder after folder. A spool file and its `.held` file are in the same listing. Throws STORAGE_ERROR for a
   * folder that cannot be listed: it is then unknown which files must not be sent.
   */
  async *listShards(): AsyncGenerator<SpoolEntry[]> {
    for (let shard = 0; shard < SHARDS; shard++) {
      const folder = join(this.folder, shardName(shard))
      const names = await readdir(folder).catch((error: unknown) => {
        throw storageFailure(error, `listing ${folder}`)
      })
      yield names.flatMap((name) => entryOf(name) ?? [])
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
   * Returns SPOOL_FILE_MISSING or SPOOL_FILE_DAMAGED unless the file exists with its full length. Its bytes are not
   * read.
   */
  async lengthFailure(ulid: Ulid, bytes: number): Promise<Failure | undefined> {
    try {
      const { size } = await stat(this.pathOf(ulid))
      if (size === bytes) return undefined
      return new Failure(
        'SPOOL_FILE_DAMAGED',
        `looking at ${ulid}: its spool file has ${size} bytes, not ${bytes}`,
      )
    } catch (error) {
      return spoolFileFailure(error, `looking at ${ulid}`)
    }
  }

  /** Returns true if the file exists. */
  async has(ulid: Ulid): Promise<boolean> {
    return stat(this.pathOf(ulid)).then(
      () => true,
      () => false,
    )
  }

  [Symbol.dispose](): void {
    for (const shard of this.#shards) shard[Symbol.dispose]()
  }

  #look<Result>(ulid: Ulid, look: (file: SpoolFileEnds) => Result): Result {
    try {
      using file = new SpoolFileEnds(this.pathOf(ulid), this.#scratch)
      return look(file)
    } catch (error) {
      throw spoolFileFailure(error, `reading ${ulid}`)
    }
  }

  /**
   * Removes a file, and then its `.held` file. A file that is already gone counts as removed: if a crash undoes the
   * unlink, it is repeated.
   */
  async remove(ulid: Ulid): Promise<void> {
    await retryWhileHeld(() => unlink(this.pathOf(ulid))).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw storageFailure(error, `removing ${this.pathOf(ulid)}`)
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

function entryOf(name: string): SpoolEntry | undefined {
  for (const [suffix, kind] of ENTRY_KINDS) {
    const ulid = name.slice(0, -suffix.length)
    if (name.endsWith(suffix) && isUlid(ulid)) return { ulid, kind }
  }
  return undefined
}

const ENTRY_KINDS = [
  [SUFFIX, 'file'],
  [HELD_SUFFIX, 'held'],
] as const

/** Returns undefined if `head` is too short for the envelope, or belongs to another file. */
function fileOf(ulid: Ulid, head: Buffer, trailer: Trailer): SpoolFile | undefined {
  const parsed = parseEnvelope(head)
  if (parsed?.envelope.ulid !== ulid) return undefined
  return { envelope: parsed.envelope, trailer, ageOffset: parsed.bytesRead }
}

const shardOf = (ulid: Ulid): number => Math.floor(ulidTime(ulid) / 1000) % SHARDS

const shardName = (shard: number): string => shard.toString(32).padStart(2, '0')

/** Explains why a spool file cannot be read: it is gone, the disk cannot read it, or the fault lies elsewhere. */
export function spoolFileFailure(error: unknown, attempted: string): Failure {
  const code = systemCode(error)
  if (code === 'ENOENT')
    return new Failure('SPOOL_FILE_MISSING', `${attempted}: its spool file is gone`, { cause: error })
  if (code === 'EIO' || code === 'EISDIR')
    return new Failure('SPOOL_FILE_DAMAGED', `${attempted}: the disk cannot read its spool file (${code})`, {
      cause: error,
    })
  return storageFailure(error, attempted)
}
