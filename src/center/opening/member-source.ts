import type { FileHandle } from 'node:fs/promises'
import { Failure, storageFailure } from '../../platform/failure.ts'

/** The event loop processes one piece at a time: about half a ms of digests and opening. */
const PIECE_BYTES = 256 * 1024

/** A buffer for the pieces of all members of a pack, one after another. */
export const newPieceBuffer = (): Buffer => Buffer.allocUnsafeSlow(PIECE_BYTES)

/** One member's bytes inside a pack on the disk. */
export class MemberSource {
  readonly bytes: number
  readonly #handle: FileHandle
  readonly #start: number
  readonly #buffer: Buffer

  /** `buffer` is used by one member at a time. */
  constructor(handle: FileHandle, start: number, bytes: number, buffer: Buffer) {
    this.#buffer = buffer
    this.#handle = handle
    this.#start = start
    this.bytes = bytes
  }

  /** Exactly the bytes from `from` to `to`. */
  async read(from: number, to: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(to - from)
    await this.#fill(bytes, from)
    return bytes
  }

  /** Yields the bytes up to `end` in pieces. A piece is valid until the next one is taken. */
  async *pieces(end: number): AsyncGenerator<Buffer> {
    for (let at = 0; at < end; at += this.#buffer.length) {
      const piece = this.#buffer.subarray(0, Math.min(this.#buffer.length, end - at))
      await this.#fill(piece, at)
      yield piece
    }
  }

  async #fill(into: Buffer, from: number): Promise<void> {
    let filled = 0
    while (filled < into.length) {
      const { bytesRead } = await this.#handle
        .read(into, filled, into.length - filled, this.#start + from + filled)
        .catch((error: unknown) => {
          throw storageFailure(error, 'reading a pack')
        })
      if (bytesRead === 0) throw new Failure('STORAGE_ERROR', 'reading a pack: it is shorter than it was')
      filled += bytesRead
    }
  }
}
