import { Failure } from '../platform/failure.ts'
import { ByteCursor } from './byte-cursor.ts'
import type { ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'
import { problemOf } from './problem-of.ts'

/** An AVI file whose frames are JPEG streams. */
export interface MotionJpeg {
  readonly rows: number
  readonly columns: number
  readonly framesPerSecond: number
  readonly hasSound: boolean
  readonly frames: FrameTable
}

/** Offsets and lengths of frames: 16 bytes for each. */
class FrameTable {
  #numbers = new Float64Array(1024)
  #count = 0

  get count(): number {
    return this.#count
  }

  add(offset: number, length: number): void {
    if (2 * this.#count + 2 > this.#numbers.length) {
      const larger = new Float64Array(2 * this.#numbers.length)
      larger.set(this.#numbers)
      this.#numbers = larger
    }
    this.#numbers[2 * this.#count] = offset
    this.#numbers[2 * this.#count + 1] = length
    this.#count++
  }

  at(frame: number): { readonly offset: number; readonly length: number } {
    return { offset: this.#numbers[2 * frame] ?? 0, length: this.#numbers[2 * frame + 1] ?? 0 }
  }
}

const MOTION_JPEG = new Set(['MJPG', 'JPEG', 'AVRN', 'LJPG', 'DMB1', 'MJPA'])
const HEADER_BYTES = 8
const LIST_LIMIT_BYTES = 1024 * 1024
/** Ten hours at 30 frames a second. */
const FRAME_LIMIT = 1_080_000
const VIDEO_CHUNK = /^(\d\d)d[bc]$/
const LISTS = new Set(['RIFF', 'LIST'])

export const beginsAsAvi = (first: Buffer): boolean =>
  first.toString('latin1', 0, 4) === 'RIFF' && first.toString('latin1', 8, 12) === 'AVI '

export async function missingInAvi(source: ByteSource): Promise<string | undefined> {
  return problemOf(() => readChunkTree(source))
}

/** Reads the chunks of an AVI file. Throws MEDIA_DAMAGED, VIDEO_CODEC if it is not Motion JPEG, or VIDEO_FRAMES. */
export async function readAvi(source: ByteSource): Promise<MotionJpeg> {
  const { streams, frames } = await readChunkTree(source)
  const videos = streams.filter(({ type }) => type === 'vids')
  const [video] = videos
  if (video === undefined || videos.length > 1) throw codec(`it has ${videos.length} videos`)
  if (!MOTION_JPEG.has(video.coding.toUpperCase())) throw codec(`its coding is ${named(video.coding)}`)
  const { rows, columns, framesPerSecond } = video
  if (frames.count === 0 || !(framesPerSecond > 0))
    throw new Failure('VIDEO_FRAMES', 'reading an AVI: the number or rate of its frames is not stated')
  return { rows, columns, framesPerSecond, frames, hasSound: streams.some(({ type }) => type === 'auds') }
}

interface Stream {
  readonly type: string
  readonly coding: string
  readonly rows: number
  readonly columns: number
  readonly framesPerSecond: number
}

/** Walks all lists as one sequence of chunks: a list's header is skipped, and its chunks follow. */
async function readChunkTree(source: ByteSource): Promise<{ streams: Stream[]; frames: FrameTable }> {
  const cursor = new ByteCursor(source)
  const streams: Stream[] = []
  const frames = new FrameTable()
  let header: Buffer | undefined
  while (cursor.left >= HEADER_BYTES) {
    const head = await cursor.peek(Math.min(cursor.left, 12))
    const [type, length] = [head.toString('latin1', 0, 4), head.readUInt32LE(4)]
    if (HEADER_BYTES + length > cursor.left)
      throw damaged('an AVI', `the chunk at byte ${cursor.offset} is cut off`)
    if (LISTS.has(type)) {
      cursor.skip(Math.min(12, cursor.left))
      continue
    }
    const [, stream] = VIDEO_CHUNK.exec(type) ?? []
    if (type === 'strh' || type === 'strf') {
      if (length > LIST_LIMIT_BYTES) throw damaged('an AVI', `a stream header of ${length} bytes`)
      const body = Buffer.from((await cursor.peek(HEADER_BYTES + length)).subarray(HEADER_BYTES))
      if (type === 'strh') header = body
      else if (header !== undefined) streams.push(streamOf(header, body))
    } else if (stream !== undefined && streams[Number(stream)]?.type === 'vids') {
      if (frames.count === FRAME_LIMIT) throw damaged('an AVI', `more than ${FRAME_LIMIT} frames`)
      frames.add(cursor.offset + HEADER_BYTES, length)
    }
    cursor.skip(HEADER_BYTES + length + (length % 2))
  }
  return { streams, frames }
}

/** AVISTREAMHEADER and BITMAPINFOHEADER. */
function streamOf(header: Buffer, format: Buffer): Stream {
  const type = header.toString('latin1', 0, 4)
  const isPicture = type === 'vids' && format.length >= 20 && header.length >= 28
  if (!isPicture) return { type, coding: '', rows: 0, columns: 0, framesPerSecond: 0 }
  const [scale, rate] = [header.readUInt32LE(20), header.readUInt32LE(24)]
  return {
    type,
    coding: format.toString('latin1', 16, 20),
    columns: format.readInt32LE(4),
    rows: Math.abs(format.readInt32LE(8)),
    framesPerSecond: scale === 0 ? 0 : rate / scale,
  }
}

const codec = (found: string): Failure => new Failure('VIDEO_CODEC', `reading an AVI: ${found}`)

const named = (coding: string): string => (/^[\x21-\x7e ]{4}$/.test(coding) ? coding.trim() : 'unknown')
