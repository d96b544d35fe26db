import type { ByteRange, ByteSource } from './byte-source.ts'

/** Larger pieces let more garbage gather between two collections. */
const CHUNK_BYTES = 64 * 1024

/** Reads a range of a source in pieces of at most 64 KiB, to the end of the range or of the source. */
export async function* readChunks(source: ByteSource, { offset, length }: ByteRange): AsyncGenerator<Buffer> {
  const end = Math.min(offset + length, source.size)
  for (let at = offset; at < end; ) {
    const bytes = await source.read(at, Math.min(CHUNK_BYTES, end - at))
    if (bytes.length === 0) return
    at += bytes.length
    yield bytes
  }
}
