import { createHash } from 'node:crypto'
import type { StoredImage } from './stored-image.ts'

const READ_BYTES = 1024 * 1024

/** SHA-256 (hex) of the first `end` bytes of an instance. `pause` is awaited before each MiB. */
export async function digestOf(
  image: StoredImage,
  end: number,
  pause: (bytes: number) => Promise<void> | undefined = () => undefined,
): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end))
  for (let position = 0; position < end; ) {
    const wanted = Math.min(buffer.length, end - position)
    await pause(wanted)
    const bytesRead = await image.read(buffer, wanted, position)
    if (bytesRead === 0) break
    hash.update(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
  return hash.digest('hex')
}
