import type { IncomingMessage, ServerResponse } from 'node:http'
import { isUlid, type Ulid } from '../../protocol/ulid.ts'
import { HttpRefusal } from './http-answer.ts'

/** The version of the protocol (tus.io, "Tus Resumable Upload Protocol 1.0.x"). */
export const TUS_VERSION = '1.0.0'
export const TUS_EXTENSIONS = 'creation,creation-with-upload,expiration,termination'

const OFFSET_STREAM = 'application/offset+octet-stream'

/** "If the version specified by the Client is not supported […] 412 […] MUST include the Tus-Version header." */
export function checkTusVersion(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers['tus-resumable'] !== TUS_VERSION) {
    response.setHeader('Tus-Version', TUS_VERSION)
    throw new HttpRefusal(
      412,
      'PROTOCOL_VIOLATION',
      `reading an upload request: Tus-Resumable is not ${TUS_VERSION}`,
    )
  }
}

/** "The Server MUST interpret [X-HTTP-Method-Override] as the request's method, if the header is presented." */
export function tusMethod(request: IncomingMessage): string {
  const override = request.headers['x-http-method-override']
  return (typeof override === 'string' ? override : request.method) ?? 'GET'
}

/** "The Upload-Length header […] MUST be a non-negative integer"; so must Upload-Offset. */
export function integerHeader(request: IncomingMessage, name: 'Upload-Length' | 'Upload-Offset'): number {
  const text = request.headers[name.toLowerCase()]
  if (typeof text !== 'string' || !/^[0-9]{1,15}$/.test(text)) {
    throw new HttpRefusal(
      400,
      'PROTOCOL_VIOLATION',
      `reading an upload request: ${name} is not a whole number`,
    )
  }
  return Number(text)
}

/** "All PATCH requests MUST use Content-Type: application/offset+octet-stream, otherwise […] 415." */
export function isOffsetStream(request: IncomingMessage): boolean {
  return request.headers['content-type'] === OFFSET_STREAM
}

/** Upload-Metadata: comma-separated pairs of a key and a value in Base64, a space between; ours is `pack <its ULID>`. */
export function packOf(request: IncomingMessage): Ulid {
  const header = request.headers['upload-metadata']
  const pairs = typeof header === 'string' ? header.split(',') : []
  for (const pair of pairs) {
    const [key, value = ''] = pair.trim().split(' ')
    if (key !== 'pack') continue
    const pack = Buffer.from(value, 'base64').toString('latin1')
    if (isUlid(pack)) return pack
  }
  throw new HttpRefusal(400, 'PROTOCOL_VIOLATION', 'reading an upload request: Upload-Metadata names no pack')
}
