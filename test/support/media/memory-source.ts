import type { ByteSource } from '../../../src/media/byte-source.ts'

/** A file's bytes in memory. */
export function memorySource(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: async (offset, length) => Buffer.from(bytes.subarray(offset, offset + length)),
  }
}
