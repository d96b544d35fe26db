import { Failure } from '../platform/failure.ts'
import type { ByteSource } from './byte-source.ts'

/** Reads a file that its reader needs in one piece; throws MEDIA_TOO_LARGE beyond the limit. */
export async function readWhole(source: ByteSource, limitBytes: number, what: string): Promise<Buffer> {
  if (source.size > limitBytes) {
    const found = `${source.size} bytes, at most ${limitBytes}`
    throw new Failure('MEDIA_TOO_LARGE', `reading ${what}: ${found}`)
  }
  return source.read(0, source.size)
}
