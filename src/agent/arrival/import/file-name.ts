const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const GB_18030 = new TextDecoder('gb18030')

/**
 * Decodes the name of a file. Names without a declared encoding are UTF-8 if they are valid UTF-8, and else GB18030, in
 * which a Chinese Windows writes them.
 */
export function decodeFileName(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes)
  } catch {
    return GB_18030.decode(bytes)
  }
}
