import type { Clock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import { CENTER_PATHS } from '../../protocol/center-api.ts'
import type { CenterClient, CenterResponse } from './center-client.ts'
import type { ChunkSize } from './chunk-size.ts'
import type { Pace } from './pace.ts'
import type { PackSource } from './pack-source.ts'

const TUS = { 'tus-resumable': '1.0.0' } as const
const OFFSET_STREAM = 'application/offset+octet-stream'

interface TusUpload {
  client: CenterClient
  source: Pick<PackSource, 'bytes' | 'range'>
  /** The study, for an alarm about an answer. */
  subject?: string | undefined
  /** Sent as Upload-Metadata `pack`; the center makes no second upload for the same pack. */
  pack: string
  chunkSize: ChunkSize
  pace: Pace
  /** It passes uploads that have none. */
  hasPriority: boolean
  clock: Clock
  /** Stores the address of the upload, before its first byte counts. */
  created: (uploadUrl: string) => void
  /** Called with the number of bytes at the center. */
  reached: (bytes: number) => void
  signal?: AbortSignal | undefined
}

/**
 * Uploads a pack by tus 1.0 (core, creation), from the offset that the center gives. At most one chunk is sent twice,
 * whichever side or line fails. Resolves with the upload's path when the last byte is acknowledged.
 */
export async function uploadPack(upload: TusUpload, uploadUrl: string | undefined): Promise<string> {
  let url = uploadUrl
  let offset = url === undefined ? undefined : await currentOffset(upload, url)
  if (url === undefined || offset === undefined) {
    url = await create(upload)
    upload.created(url)
    offset = (await currentOffset(upload, url)) ?? 0
  }
  upload.reached(offset)
  while (offset < upload.source.bytes) {
    offset = await sendChunk(upload, url, offset)
    upload.reached(offset)
  }
  return url
}

/** POST of the creation extension: Upload-Length is known, metadata values are base64. */
async function create({ client, source, pack, subject, signal }: TusUpload): Promise<string> {
  const metadata = `pack ${Buffer.from(pack).toString('base64')}`
  const headers = {
    ...TUS,
    'upload-length': String(source.bytes),
    'upload-metadata': metadata,
    'content-length': '0',
  }
  const response = await client.request({
    method: 'POST',
    path: CENTER_PATHS.packs,
    headers,
    content: 'the pack',
    subject,
    isPreparation: true,
    signal,
  })
  const { location } = response.headers
  const url = typeof location === 'string' ? URL.parse(location, 'https://center') : null
  if (url === null)
    throw new Failure('CENTER_ANSWER_INVALID', 'creating an upload: no Location in the answer')
  // The request goes to the pinned center, whatever host the answer names.
  return url.pathname
}

/** HEAD: returns the number of bytes at the center; undefined if it does not know the upload (any more). */
async function currentOffset(
  { client, source, subject, signal }: TusUpload,
  url: string,
): Promise<number | undefined> {
  const response = await client.request({
    method: 'HEAD',
    path: url,
    headers: TUS,
    also: [404, 410],
    subject,
    isPreparation: true,
    signal,
  })
  if (response.status >= 400) return undefined
  return offsetOf(response, source.bytes)
}

/** PATCH of one chunk; resolves with the offset of the next one, and adjusts its size. */
async function sendChunk(upload: TusUpload, url: string, offset: number): Promise<number> {
  const { source, chunkSize, clock } = upload
  const end = Math.min(offset + chunkSize.bytes, source.bytes)
  const startedMs = clock.monotonicMs()
  try {
    await patch(upload, url, offset, end)
  } catch (error) {
    if (error instanceof Failure && error.code === 'CENTER_UNREACHABLE') chunkSize.broke()
    throw error
  }
  chunkSize.took(end - offset, clock.monotonicMs() - startedMs)
  return end
}

/** Throws CENTER_ERROR if the center has another offset (409) or has forgotten the upload: the next attempt asks again. */
async function patch(
  { client, source, pace, hasPriority, subject, signal }: TusUpload,
  url: string,
  offset: number,
  end: number,
): Promise<void> {
  const response = await client.request({
    method: 'PATCH',
    path: url,
    headers: {
      ...TUS,
      'content-type': OFFSET_STREAM,
      'content-length': String(end - offset),
      'upload-offset': String(offset),
    },
    body: pace.through(source.range(offset, end), { hasPriority, signal }),
    also: [404, 409, 410],
    content: 'a piece of a pack',
    subject,
    signal,
  })
  if (response.status >= 400) {
    const found = response.status === 409 ? 'has another offset' : 'no longer knows the upload'
    throw new Failure('CENTER_ERROR', `uploading a pack from offset ${offset}: the center ${found}`)
  }
  if (offsetOf(response, source.bytes) !== end) throw wrongOffset(response, end)
}

function offsetOf(response: CenterResponse, length: number): number {
  const text = response.headers['upload-offset']
  const offset = typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (offset <= length) return offset
  throw wrongOffset(response, length)
}

function wrongOffset({ headers }: CenterResponse, expected: number): Failure {
  const found = `Upload-Offset ${String(headers['upload-offset'])} where ${expected} is the most there can be`
  return new Failure('CENTER_ANSWER_INVALID', `uploading a pack: the center says ${found}`)
}
