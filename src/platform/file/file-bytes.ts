import { type FileHandle, open } from 'node:fs/promises'

/** Random access to an open file. */
class FileBytes implements AsyncDisposable {
  readonly #handle: FileHandle
  /** The size when it was opened. */
  readonly size: number

  constructor(handle: FileHandle, size: number) {
    this.#handle = handle
    this.size = size
  }

  /** Returns fewer bytes than `length` only at the end of the file. */
  async read(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length)
    let filled = 0
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return buffer.subarray(0, filled)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#handle.close()
  }
}

/** Opens a file for reading. Throws errors of the file system. */
export async function openFileBytes(path: string): Promise<FileBytes> {
  const handle = await open(path, 'r')
  try {
    return new FileBytes(handle, (await handle.stat()).size)
  } catch (error) {
    await handle.close()
    throw error
  }
}
