import { constants } from 'node:fs'
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

/**
 * Opens a file for reading; never waits for the other end of a pipe. With `links: 'leave'` a link in place of the file is
 * an error (ELOOP), where the system can tell. Throws errors of the file system.
 */
export async function openFileBytes(
  path: string | Buffer,
  links: 'follow' | 'leave' = 'follow',
): Promise<FileBytes> {
  // On Windows the last two are undefined, which counts as 0.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const handle = await open(path, O_RDONLY | O_NONBLOCK | (links === 'leave' ? O_NOFOLLOW : 0))
  try {
    return new FileBytes(handle, (await handle.stat()).size)
  } catch (error) {
    await handle.close()
    throw error
  }
}
