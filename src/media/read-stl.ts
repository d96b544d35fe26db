import type { ByteSource } from './byte-source.ts'

/** A header of 80 bytes, the number of triangles, and 50 bytes for each. */
const HEADER_BYTES = 84
const COUNT_AT = 80
const TRIANGLE_BYTES = 50
const TEXT_BEGIN = /^solid\b[^\n]*\r?\n\s*facet\s+normal\s/
const TEXT_END = /\bendsolid\b[^\n]*\s*$/

/** Binary STL has no signature: its size must fit its number of triangles. */
export function beginsAsStl(first: Buffer, size: number): boolean {
  return isBinaryStl(first, size) || isTextStl(first)
}

export function isBinaryStl(first: Buffer, size: number): boolean {
  if (first.length < HEADER_BYTES) return false
  const count = first.readUInt32LE(COUNT_AT)
  return count > 0 && size === HEADER_BYTES + count * TRIANGLE_BYTES
}

export async function missingInStl(source: ByteSource): Promise<string | undefined> {
  const first = await source.read(0, 1024)
  if (isBinaryStl(first, source.size)) return undefined
  const end = await source.read(Math.max(0, source.size - 1024), 1024)
  if (isTextStl(first) && TEXT_END.test(end.toString('latin1'))) return undefined
  return 'its size does not fit its number of triangles'
}

const isTextStl = (first: Buffer): boolean => TEXT_BEGIN.test(first.toString('latin1', 0, 1024))
