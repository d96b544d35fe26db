import type { IncomingMessage } from 'node:http'
import { Failure } from '../../platform/failure.ts'

/**
 * Reads what the page sent. Throws PROTOCOL_VIOLATION if it is longer than the limit: the rest is read and dropped before,
 * so that the browser gets the answer; the server's limit of time ends an endless body.
 */
export async function requestBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes <= limitBytes) pieces.push(piece)
  }
  if (bytes > limitBytes) throw new Failure('PROTOCOL_VIOLATION', 'reading what the page sent: too long')
  return Buffer.concat(pieces)
}
