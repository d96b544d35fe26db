import { crc32 } from 'node:zlib'
import type { ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'
import { problemOf } from './problem-of.ts'
import { readChunks } from './read-chunks.ts'

/** A chunk of a PNG, its checksum compared (PNG §5.3). */
export interface PngChunk {
  readonly type: string
  /** Offset of its data. */
  readonly offset: number
  readonly length: number
}

const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
const HEAD_BYTES = 8
const CRC_BYTES = 4
/** Encoders cut image data into pieces of 8 KiB: an image of 100 megapixels has some 50,000. */
const CHUNK_LIMIT = 200_000

export const beginsAsPng = (first: Buffer): boolean =>
  first.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE)

export async function missingInPng(source: ByteSource): Promise<string | undefined> {
  return problemOf(() => pngChunks(source))
}

/** Returns the chunks from IHDR to IEND. Throws MEDIA_DAMAGED if one is cut off or its checksum differs. */
export async function pngChunks(source: ByteSource): Promise<PngChunk[]> {
  const chunks: PngChunk[] = []
  for (let at = PNG_SIGNATURE.length; ; ) {
    const head = await source.read(at, HEAD_BYTES)
    if (head.length < HEAD_BYTES) throw damaged('a PNG', 'no IEND chunk at the end')
    const [length, type] = [head.readUInt32BE(0), head.toString('latin1', 4)]
    const chunk = { type, offset: at + HEAD_BYTES, length }
    at = chunk.offset + length + CRC_BYTES
    if (at > source.size) throw damaged('a PNG', 'no IEND chunk at the end')
    if (chunks.length === CHUNK_LIMIT) throw damaged('a PNG', `more than ${CHUNK_LIMIT} chunks`)
    await checkSum(source, head.subarray(4), chunk)
    chunks.push(chunk)
    if (type === 'IEND') return chunks
  }
}

async function checkSum(source: ByteSource, type: Buffer, { offset, length }: PngChunk): Promise<void> {
  let sum = crc32(type)
  for await (const bytes of readChunks(source, { offset, length })) sum = crc32(bytes, sum)
  const stored = await source.read(offset + length, CRC_BYTES)
  if (stored.length < CRC_BYTES || stored.readUInt32BE(0) !== sum)
    throw damaged('a PNG', `the checksum of the chunk at byte ${offset - HEAD_BYTES} differs`)
}
