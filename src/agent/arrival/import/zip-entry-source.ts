import { pipeline } from 'node:stream'
import { crc32, createInflateRaw } from 'node:zlib'
import type { ZipEntry } from 'yauzl'
import type { ByteSource } from '../../../media/byte-source.ts'
import { FileProblem, fileProblem } from './file-problem.ts'
import { type OpenSource, readOn } from './import-file.ts'

/** The first bytes of an entry stay in memory: they are read several times, and most instances are not longer. */
const KEPT_BYTES = 1024 * 1024

/**
 * Reads one entry of a zip file without unpacking it to a disk. A deflated entry can only be read forward: a step back
 * beyond the first MiB begins again.
 */
export class ZipEntrySource implements OpenSource {
  readonly size: number
  readonly #source: ByteSource
  readonly #entry: ZipEntry
  readonly #start: number
  #kept: Buffer = Buffer.alloc(0)
  #pass: ForwardPass | undefined

  /** `start`: where the entry's data begins in `source`. */
  constructor(source: ByteSource, entry: ZipEntry, start: number) {
    this.#source = source
    this.#entry = entry
    this.#start = start
    this.size = entry.uncompressedSize
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(this.size, offset + length)
    if (offset >= end) return Buffer.alloc(0)
    if (end > this.#kept.length && this.#kept.length < Math.min(KEPT_BYTES, this.size)) {
      await this.#pass?.end()
      this.#pass = new ForwardPass(this.#content())
      this.#kept = await this.#pass.take(0, Math.min(KEPT_BYTES, this.size))
    }
    if (end <= this.#kept.length) return this.#kept.subarray(offset, end)
    if (this.#pass === undefined || this.#pass.at > offset) {
      await this.#pass?.end()
      this.#pass = new ForwardPass(this.#content())
    }
    return await this.#pass.take(offset, end - offset)
  }

  /** Compares size and check sum with those of the central directory before it ends. */
  async *stream(offset: number): AsyncGenerator<Buffer> {
    let [at, sum] = [0, 0]
    for await (const piece of this.#content()) {
      sum = crc32(piece, sum)
      const wanted = piece.subarray(Math.max(0, offset - at))
      at += piece.length
      if (wanted.length > 0) yield wanted
    }
    if (at !== this.size || sum !== this.#entry.crc32) throw new FileProblem('zipDamaged')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pass?.end()
  }

  /** Never gives more than the declared size, by which the entry was allowed. */
  async *#content(): AsyncGenerator<Buffer> {
    const { compressedSize, compressionMethod } = this.#entry
    const packed = readOn(this.#source, this.#start, this.#start + compressedSize)
    let bytes = 0
    for await (const piece of compressionMethod === 0 ? packed : inflated(packed)) {
      bytes += piece.length
      if (bytes > this.size) throw new FileProblem('zipDamaged')
      yield piece
    }
  }
}

/** Throws {@link FileProblem} for an error of the input, and 'zipDamaged' for one of the inflater. */
async function* inflated(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflater = createInflateRaw({ chunkSize: 64 * 1024 })
  let failure: FileProblem | undefined
  const noted = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* packed
    } catch (error) {
      failure = fileProblem(error)
      throw failure
    }
  }
  // The error arrives by the iteration below.
  pipeline(noted(), inflater, () => {})
  try {
    for await (const piece of inflater as AsyncIterable<Buffer>) yield piece
  } catch (error) {
    throw failure ?? new FileProblem('zipDamaged', '', { cause: error })
  } finally {
    inflater.destroy()
  }
}

/** Takes bytes from an iteration by their offset, forward only. */
class ForwardPass {
  readonly #pieces: AsyncGenerator<Buffer>
  #rest: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(pieces: AsyncGenerator<Buffer>) {
    this.#pieces = pieces
  }

  /** The lowest offset that can still be taken. */
  get at(): number {
    return this.#at
  }

  /** Fewer bytes only if the iteration ends. */
  async take(offset: number, length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let [skip, wanted] = [offset - this.#at, length]
    while (wanted > 0) {
      if (this.#rest.length === 0) {
        const next = await this.#pieces.next()
        if (next.done === true) break
        this.#rest = next.value
      }
      const skipped = Math.min(skip, this.#rest.length)
      const part = this.#rest.subarray(skipped, skipped + wanted)
      this.#rest = this.#rest.subarray(skipped + part.length)
      this.#at += skipped + part.length
      skip -= skipped
      wanted -= part.length
      if (part.length > 0) parts.push(part)
    }
    return Buffer.concat(parts)
  }

  async end(): Promise<void> {
    await this.#pieces.return(undefined)
  }
}
