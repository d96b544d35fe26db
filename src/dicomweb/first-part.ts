const HEADERS_END = Buffer.from('\r\n\r\n', 'latin1')
const HEADERS_LIMIT_BYTES = 64 * 1024

/** Returns the boundary of a multipart body by its Content-Type; undefined if the body has no parts. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/related\s*(;|$)/i.test(contentType)) return undefined
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? []
  return quoted ?? plain
}

/**
 * Yields the content of the first part of a multipart body (RFC 2046 §5.1.1), while it streams in. Throws if there is
 * none.
 */
export async function* firstPart(body: AsyncIterable<Buffer>, boundary: string): AsyncGenerator<Buffer> {
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  // The first delimiter may be without the line end in front.
  let held: Buffer = Buffer.from('\r\n', 'latin1')
  let isInPart = false
  for await (const piece of body) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece])
    if (!isInPart) {
      const content = contentStart(held, delimiter)
      if (content === undefined) {
        if (held.length > HEADERS_LIMIT_BYTES) throw new Error('no part within the first 64 KiB')
        continue
      }
      held = held.subarray(content)
      isInPart = true
    }
    const end = held.indexOf(delimiter)
    if (end !== -1) return yield held.subarray(0, end)
    const sure = Math.max(0, held.length - delimiter.length)
    if (sure > 0) yield held.subarray(0, sure)
    held = Buffer.from(held.subarray(sure))
  }
  throw new Error('the body ends before its first part does')
}

function contentStart(bytes: Buffer, delimiter: Buffer): number | undefined {
  const begin = bytes.indexOf(delimiter)
  const end = begin === -1 ? -1 : bytes.indexOf(HEADERS_END, begin + delimiter.length)
  return end === -1 ? undefined : end + HEADERS_END.length
}
