import type { ByteSource } from './byte-source.ts'

/** End of central directory record, and its longest comment (APPNOTE.TXT §4.3.16). */
const END = Buffer.from('PK\x05\x06', 'latin1')
const END_BYTES = 22
const COMMENT_LIMIT_BYTES = 0xffff
const BEGINNINGS = ['PK\x03\x04', 'PK\x05\x06']

export function beginsAsZip(first: Buffer): boolean {
  return BEGINNINGS.includes(first.toString('latin1', 0, 4))
}

export async function missingInZip(source: ByteSource): Promise<string | undefined> {
  const from = Math.max(0, source.size - END_BYTES - COMMENT_LIMIT_BYTES)
  const tail = await source.read(from, source.size - from)
  for (let at = tail.lastIndexOf(END); at !== -1; at = at === 0 ? -1 : tail.lastIndexOf(END, at - 1)) {
    if (at + END_BYTES <= tail.length && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length)
      return undefined
  }
  return 'no end of the central directory'
}
