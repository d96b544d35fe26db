import type { ByteSource } from './byte-source.ts'
import { readChunks } from './read-chunks.ts'

/** Readers accept the header within the first KiB, and the end within the last (ISO 32000-1 Annex H, notes 13 and 18). */
const EDGE_BYTES = 1024
/** The entry of a trailer that names the encryption dictionary (ISO 32000-1 §7.5.5). */
const ENCRYPT = /\/Encrypt\s*(?:\d+\s+\d+\s+R\b|<<)/
/** More than a match can be long. */
const OVERLAP_BYTES = 128

export function beginsAsPdf(first: Buffer): boolean {
  return first.subarray(0, EDGE_BYTES).includes('%PDF-')
}

export async function missingInPdf(source: ByteSource): Promise<string | undefined> {
  const end = await source.read(Math.max(0, source.size - EDGE_BYTES), EDGE_BYTES)
  return end.includes('%%EOF') ? undefined : 'no %%EOF at the end'
}

/** True if a password, even an empty one, is needed to read the document. Reads it from its first to its last byte. */
export async function isEncryptedPdf(source: ByteSource): Promise<boolean> {
  let before = Buffer.alloc(0)
  for await (const bytes of readChunks(source, { offset: 0, length: source.size })) {
    const text = Buffer.concat([before, bytes])
    if (text.includes('/Encrypt') && ENCRYPT.test(text.toString('latin1'))) return true
    before = Buffer.from(text.subarray(-OVERLAP_BYTES))
  }
  return false
}
