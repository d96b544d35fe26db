import { createHash } from 'node:crypto'
import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises'
import type { ByteSource } from '../../../media/byte-source.ts'
import { isRealPath } from './real-path.ts'
import { below, type SweptFile } from './sweep.ts'

/** libuv's UV_FS_O_EXLOCK: on Windows a file that another program has open cannot be opened with it. */
const WINDOWS_EXCLUSIVE = 2 ** 28
const CHUNK_BYTES = 256 * 1024
const ZEROS = Buffer.alloc(4096)
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
/** Windows has neither of the last two. A FIFO without a writer is opened without waiting for one. */
const FLAGS = process.platform === 'win32' ? O_RDONLY | WINDOWS_EXCLUSIVE : O_RDONLY | O_NOFOLLOW | O_NONBLOCK

/** The file is not, or no longer, the one that the sweep found: it is looked at again later. */
export class SourceChanged extends Error {}

/** A file of a watched folder, open for reading. It is the file that the sweep found, whatever its path leads to by now. */
export class SourceFile implements ByteSource, AsyncDisposable {
  readonly #handle: FileHandle
  readonly #stats: BigIntStats
  readonly size: number

  private constructor(handle: FileHandle, stats: BigIntStats) {
    this.#handle = handle
    this.#stats = stats
    this.size = Number(stats.size)
  }

  /** `root` has no symbolic link in it. Throws {@link SourceChanged}, and errors of the file system. */
  static async open(root: Buffer, { path, stats }: SweptFile): Promise<SourceFile> {
    const whole = below(root, path)
    const handle = await open(whole, FLAGS)
    try {
      const opened = await handle.stat({ bigint: true })
      if (!opened.isFile() || !isSame(opened, stats)) throw new SourceChanged('another file')
      if (!(await isAt(handle, whole, opened))) throw new SourceChanged('outside of the folder')
      return new SourceFile(handle, opened)
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)))
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, buffer.length - filled, offset + filled)
      if (bytesRead === 0) throw new SourceChanged('the file was cut off')
      filled += bytesRead
    }
    return buffer
  }

  /** Reads from `offset` to the end. */
  async *pieces(offset = 0): AsyncGenerator<Buffer> {
    for (let at = offset; at < this.size; ) {
      const piece = await this.read(at, CHUNK_BYTES)
      at += piece.length
      yield piece
    }
  }

  /** SHA-256 of the whole file, in hexadecimal digits. */
  async digest(): Promise<string> {
    const hash = createHash('sha256')
    for await (const piece of this.pieces()) hash.update(piece)
    return hash.digest('hex')
  }

  /**
   * True if the file may have been made long before it is written: it has less room on the disk than its size, and a
   * block of zeros. Copying programs and Samba give a file its size first; the pixels in a gap look like black ones. A
   * file system that compresses gives the same picture.
   */
  async mayHaveGaps(): Promise<boolean> {
    const { size, blocks } = this.#stats
    if (blocks * 512n >= size) return false
    for await (const piece of this.pieces()) {
      for (let at = 0; at + ZEROS.length <= piece.length; at += ZEROS.length)
        if (piece.compare(ZEROS, 0, ZEROS.length, at, at + ZEROS.length) === 0) return true
    }
    return false
  }

  /** True if the last two bytes are zeros: black pixels, or an end that is not written yet in a block that is there. */
  async endsInZeros(): Promise<boolean> {
    const end = await this.read(Math.max(0, this.size - 2), 2)
    return end.every((byte) => byte === 0)
  }

  /** Throws {@link SourceChanged} if the file has changed since the sweep found it. */
  async checkUnchanged(): Promise<void> {
    if (!isSame(await this.#handle.stat({ bigint: true }), this.#stats))
      throw new SourceChanged('it was written meanwhile')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close()
  }
}

function isSame(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeNs === b.mtimeNs
}

/** A folder on the way may have been replaced by a symbolic link. O_NOFOLLOW guards the last name only. */
async function isAt(handle: FileHandle, path: Buffer, opened: BigIntStats): Promise<boolean> {
  if (process.platform === 'linux')
    return (await readlink(`/proc/self/fd/${handle.fd}`, 'buffer')).equals(path)
  return (await isRealPath(path)) && isSame(await lstat(path, { bigint: true }), opened)
}
