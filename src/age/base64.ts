/** Base64 (RFC 4648 §4) without padding, as age writes it in its header. */
export function encodeBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

/** The bytes of a canonical base64 text without padding; undefined for any other text (RFC 4648 §3.5). */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Node's decoder skips what it does not know: only what encodes back to itself was canonical.
  return encodeBase64(bytes) === text ? bytes : undefined
}
