import { randomBytes } from 'node:crypto'

/** One part of a body: a DICOM file. */
export interface DicomPart {
  readonly bytes: number
  content(): AsyncIterable<Uint8Array>
}

interface MultipartBody {
  readonly contentType: string
  /** Known beforehand: some servers do not accept chunked bodies. */
  readonly bytes: number
  readonly content: AsyncIterable<Uint8Array>
}

/** Joins DICOM files to one multipart/related body (RFC 2387; PS3.18 §8.6.1.2), which is read while it is sent. */
export function multipartDicom(parts: readonly DicomPart[]): MultipartBody {
  // 128 random bits do not occur in the parts.
  const boundary = randomBytes(16).toString('hex')
  const head = Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`, 'latin1')
  const tail = Buffer.from('\r\n', 'latin1')
  const close = Buffer.from(`--${boundary}--\r\n`, 'latin1')
  async function* content(): AsyncGenerator<Uint8Array> {
    for (const part of parts) {
      yield head
      yield* part.content()
      yield tail
    }
    yield close
  }
  return {
    contentType: `multipart/related; type="application/dicom"; boundary=${boundary}`,
    bytes: parts.reduce((sum, part) => sum + head.length + part.bytes + tail.length, close.length),
    content: content(),
  }
}
