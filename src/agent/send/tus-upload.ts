import { Failure } from '../../platform/failure.ts'
import { CENTER_PATHS } from '../../protocol/center-api.ts'
import type { CenterClient, CenterResponse } from './center-client.ts'
import type { Pace } from './pace.ts'
import type { PackSource } from './pack-source.ts'

const TUS = { 'tus-resumable': '1.0.0' } as const
const OFFSET_STREAM = 'application/offset+octet-stream'

export interface TusUpload {
  client: CenterClient
  source: Pick<PackSource, 'bytes' | 'range'>
  /** Sent as Upload-Metadata `pack`; the center makes no second upload for the same one. */
  pack: string
  chunkBytes: number
  pace: Pace
  /** Remembers where the upload is, before its first byte counts. */
  created: (uploadUrl: string) => void
  signal?: AbortSignal | undefined
}

/**
 * Uploads a pack by tus 1.0 (core, creation), from where the center says it stands. At most one chunk travels twice,
 * however the line or either side breaks. Resolves with the upload's path when the last byte is acknowledged.
 */
export async function uploadPack(upload: TusUpload, uploadUrl: string | undefined): Promise<string> {
  let url = uploadUrl
  let offset = url === undefined ? undefined : await currentOffset(upload, url)
  if (url === undefined || offset === undefined) {
    url = await create(upload)
    upload.created(url)
    offset = (await currentOffset(upload, url)) ?? 0
  }
  while (offset < upload.source.bytes) offset = await sendChunk(upload, url, offset)
  return url
}

/** POST of the creation extension: Upload-Length is known, metadata values are base64. */
async function create({ client, source, pack, signal }: TusUpload): Promise<string> {
  const metadata = `pack ${Buffer.from(pack).toString('base64')}`
  const headers = {
    ...TUS,
    'upload-length': String(source.bytes),
    'upload-metadata': metadata,
    'content-length': '0',
  }
  const response = await client.request({ method: 'POST', path: CENTER_PATHS.packs, headers, signal })
  const { location } = response.headers
  if (typeof location !== 'string')
    throw new Failure('CENTER_ANSWER_INVALID', 'creating an upload: no Location in the answer')
  return new URL(location, 'https://center').pathname
}

/** HEAD: how much the center has; undefined when it does not know the upload (any more). */
async function currentOffset(
  { client, source, signal }: TusUpload,
  url: string,
): Promise<number | undefined> {
  const response = await client.request({ method: 'HEAD', path: url, headers: TUS, also: [404, 410], signal })
  if (response.status >= 400) return undefined
  return offsetOf(response, source.bytes)
}

/** PATCH of one chunk; 409 means that the center stands elsewhere, 423 that it still holds our broken request. */
async function sendChunk(upload: TusUpload, url: string, offset: number): Promise<number> {
  const { client, source, chunkBytes, pace, signal } = upload
  const end = Math.min(offset + chunkBytes, source.bytes)
  const response = await client.request({
    method: 'PATCH',
    path: url,
    headers: {
      ...TUS,
      'content-type': OFFSET_STREAM,
      'content-length': String(end - offset),
      'upload-offset': String(offset),
    },
    body: pace.through(source.range(offset, end), signal),
    also: [409],
    signal,
  })
  const next = response.status === 409 ? await currentOffset(upload, url) : offsetOf(response, source.bytes)
  if (next === undefined)
    throw new Failure('CENTER_ERROR', 'uploading a pack: the center no longer knows the upload')
  if (next === offset)
    throw new Failure('CENTER_ERROR', `uploading a pack: the center stays at offset ${offset}`)
  return next
}

function offsetOf({ headers }: CenterResponse, length: number): number {
  const offset = Number(headers['upload-offset'] ?? Number.NaN)
  if (Number.isSafeInteger(offset) && offset >= 0 && offset <= length) return offset
  throw new Failure(
    'CENTER_ANSWER_INVALID',
    `uploading a pack: Upload-Offset ${String(headers['upload-offset'])} of ${length}`,
  )
}
