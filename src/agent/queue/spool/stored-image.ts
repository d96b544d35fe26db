import { type FileHandle, open } from 'node:fs/promises'

/** The place of a sealed instance on the disk: the bytes of a file from `offset` on; without `bytes`, up to its end. */
export interface ImagePlace {
  readonly path: string
  readonly offset: number
  readonly bytes?: number
}

/** The bytes of one sealed instance, opened to be read. */
export class StoredImage implements AsyncDisposable {
  readonly #handle: FileHandle
  readonly #place: ImagePlace
  /** Length of envelope, age file and trailer. */
  readonly bytes: number

  private constructor(handle: FileHandle, place: ImagePlace, bytes: number) {
    this.#handle = handle
    this.#place = place
    this.bytes = bytes
  }

  /** Throws the error of the file system. */
  static async open(place: ImagePlace): Promise<StoredImage> {
    const handle = await open(place.path, 'r')
    try {
      const { size } = await handle.stat()
      const there = Math.max(0, size - place.offset)
      return new StoredImage(handle, place, Math.min(there, place.bytes ?? there))
    } catch (error) {
      await handle.close().catch(() => {})
      throw error
    }
  }

  /** Reads up to `length` bytes from `position` of the instance on. Resolves to their number: 0 at the end. */
  async read(buffer: Buffer, length: number, position: number): Promise<number> {
    const wanted = Math.max(0, Math.min(length, this.bytes - position))
    const { bytesRead } = await this.#handle.read(buffer, 0, wanted, this.#place.offset + position)
    return bytesRead
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close()
  }
}
