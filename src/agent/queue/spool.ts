import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { HeldFolder, syncFolder } from '../../platform/durable-file.ts'
import { Failure, storageFailure, systemCode } from '../../platform/failure.ts'
import {
  type Envelope,
  endsFinished,
  parseEnvelope,
  parseTrailer,
  TRAILER_BYTES,
  type Trailer,
} from '../../protocol/spool-file.ts'
import { isUlid, type Ulid, ulidTime } from '../../protocol/ulid.ts'
import { SpoolWriter } from './spool-writer.ts'

const SHARDS = 32
const SUFFIX = '.ferry'
/** More than an envelope can take (docs/protocol.md). */
const HEAD_BYTES = 66_000

export interface SpoolFile {
  envelope: Envelope
  trailer: Trailer
  /** Where the age file begins. */
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

  private constructor(folder: string) {
    this.folder = folder
    this.#shards = Array.from(
      { length: SHARDS },
      (_, shard) => new HeldFolder(join(folder, shardName(shard))),
    )
  }

  /** Opens the folder; all its shards exist and are durable before the first instance comes. */
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

  /** Makes the names of these files durable; files of one shard share one folder sync. */
  async syncNames(ulids: readonly Ulid[]): Promise<void> {
    const shards = new Set(ulids.map(shardOf))
    try {
      await Promise.all(Array.from(shards, async (shard) => this.#shards[shard]?.sync()))
    } catch (error) {
      throw storageFailure(error, `making names durable in ${this.folder}`)
    }
  }

  /** A new file for one instance, held only by the writer until it is complete. */
  create(ulid: Ulid): SpoolWriter {
    return SpoolWriter.create(this.pathOf(ulid))
  }

  /** Every file in the spool by its ULID, complete or not; other names are none of ours and are left alone. */
  async *list(): AsyncGenerator<Ulid> {
    for (let shard = 0; shard < SHARDS; shard++) {
      for (const name of await readdir(join(this.folder, shardName(shard)))) {
        const ulid = name.slice(0, -SUFFIX.length)
        if (name.endsWith(SUFFIX) && isUlid(ulid)) yield ulid
      }
    }
  }

  /** Envelope and trailer of a complete file. Throws SPOOL_FILE_INVALID or SPOOL_FILE_MISSING. */
  async read(ulid: Ulid): Promise<SpoolFile> {
    const path = this.pathOf(ulid)
    const handle = await open(path, 'r').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT')
        throw new Failure('SPOOL_FILE_MISSING', `reading ${path}: there is no such file`)
      throw storageFailure(error, `reading ${path}`)
    })
    try {
      const { size } = await handle.stat()
      const head = Buffer.alloc(Math.min(HEAD_BYTES, size))
      await handle.read(head, 0, head.length, 0)
      const parsed = parseEnvelope(head)
      const tail = Buffer.alloc(Math.min(TRAILER_BYTES, size))
      await handle.read(tail, 0, tail.length, size - tail.length)
      const trailer = parseTrailer(tail, size)
      if (parsed === undefined || parsed.envelope.ulid !== ulid) {
        throw new Failure('SPOOL_FILE_INVALID', `reading ${path}: the envelope is of another file`)
      }
      return { envelope: parsed.envelope, trailer, ageOffset: parsed.bytesRead }
    } finally {
      await handle.close()
    }
  }

  /** True for a file that was finished once: it may have been accepted, even if it no longer reads. */
  async wasFinished(ulid: Ulid): Promise<boolean> {
    const handle = await open(this.pathOf(ulid), 'r')
    try {
      const { size } = await handle.stat()
      const tail = Buffer.alloc(Math.min(TRAILER_BYTES, size))
      await handle.read(tail, 0, tail.length, size - tail.length)
      return endsFinished(tail)
    } finally {
      await handle.close()
    }
  }

  /** True while the file is there. */
  async has(ulid: Ulid): Promise<boolean> {
    return stat(this.pathOf(ulid)).then(
      () => true,
      () => false,
    )
  }

  [Symbol.dispose](): void {
    for (const shard of this.#shards) shard[Symbol.dispose]()
  }

  /** Removes a file. One that is already gone is as good as removed: an unlink that a crash undid comes round again. */
  async remove(ulid: Ulid): Promise<void> {
    await unlink(this.pathOf(ulid)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw storageFailure(error, `removing ${this.pathOf(ulid)}`)
    })
  }
}

const shardOf = (ulid: Ulid): number => Math.floor(ulidTime(ulid) / 1000) % SHARDS

const shardName = (shard: number): string => shard.toString(32).padStart(2, '0')
