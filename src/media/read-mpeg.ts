import { Failure } from '../platform/failure.ts'
import { ByteCursor } from './byte-cursor.ts'
import type { ByteSource } from './byte-source.ts'
import { damaged } from './coding/damaged.ts'
import { H264Frames } from './coding/h264-frames.ts'
import { Mpeg2Frames } from './coding/mpeg2-frames.ts'
import type { Video } from './coding/video.ts'
import { problemOf } from './problem-of.ts'
import { readProgramStream } from './program-stream.ts'
import { readChunks } from './read-chunks.ts'
import { beginsAsTransport, PACKET_BYTES, readTransportStream } from './transport-stream.ts'

/** The first four bytes of a program stream, and of an elementary one. */
const PACK = 0x0000_01ba
const SEQUENCE = 0x0000_01b3
const FIRST_BYTES = 5 * PACKET_BYTES
const SQUARE = 1

type Container = Exclude<Video['container'], 'mp4'>

const containerOf = (first: Buffer): Container | undefined => {
  if (first.length >= 12 && first.readUInt32BE(0) === PACK) return 'program stream'
  if (first.length >= 12 && first.readUInt32BE(0) === SEQUENCE) return 'elementary stream'
  return beginsAsTransport(first) ? 'transport stream' : undefined
}

export const beginsAsMpeg = (first: Buffer): boolean => containerOf(first) !== undefined

/** A program or transport stream has no mark at its end: its last packet must be whole. */
export async function missingInMpeg(source: ByteSource): Promise<string | undefined> {
  return problemOf(() => readMpeg(source))
}

/**
 * Reads an MPEG stream from its first to its last byte, since only that tells its number of frames. Throws MEDIA_DAMAGED,
 * VIDEO_CODEC or VIDEO_FRAMES.
 */
export async function readMpeg(source: ByteSource): Promise<Video> {
  const container = containerOf(await source.read(0, FIRST_BYTES))
  if (container === undefined) throw damaged('an MPEG stream', 'its beginning is cut off')
  const mpeg2 = new Mpeg2Frames()
  const h264 = new H264Frames()
  const cursor = new ByteCursor(source)
  let audio: readonly string[] = []
  if (container === 'program stream') await readProgramStream(cursor, (payload) => mpeg2.push(payload))
  else if (container === 'elementary stream')
    for await (const bytes of readChunks(source, { offset: 0, length: source.size })) mpeg2.push(bytes)
  else {
    const program = await readTransportStream(cursor, (payload, codec) =>
      codec === 'h264' ? h264.push(payload) : mpeg2.push(payload),
    )
    if (program === undefined) throw codecFailure('it has no video of MPEG-2 or H.264')
    if (program.codec === 'hevc')
      throw codecFailure('it is HEVC in a transport stream, which Ferry reads in MP4 only')
    audio = program.audio
    if (program.codec === 'h264') return h264Video(h264, audio)
  }
  return mpeg2Video(mpeg2, container, audio)
}

function mpeg2Video(reading: Mpeg2Frames, container: Container, audio: readonly string[]): Video {
  const found = reading.finish()
  if (found === undefined) throw codecFailure('it has no video of MPEG-2')
  const { sequence, frames } = found
  if (sequence.isMpeg1) throw codecFailure('it is MPEG-1')
  return checked({
    ...sequence,
    container,
    codec: 'mpeg2',
    isHighTier: false,
    bits: 8,
    frames,
    isRateVarying: false,
    // DICOM gives the shape of MPEG-2's pixels by its profile (PS3.5 §8.2.5, §8.2.6).
    hasSquarePixels: sequence.aspect === SQUARE,
    isTurned: false,
    audio,
  })
}

function h264Video(reading: H264Frames, audio: readonly string[]): Video {
  const found = reading.finish()
  if (found === undefined) throw codecFailure('it has no sequence parameter set')
  const { parameters, frames } = found
  return checked({
    ...parameters,
    container: 'transport stream',
    codec: 'h264',
    isHighTier: false,
    frames,
    framesPerSecond: parameters.framesPerSecond ?? 0,
    isRateVarying: false,
    hasSquarePixels: parameters.hasSquarePixels !== false,
    isTurned: false,
    audio,
  })
}

function checked(video: Video): Video {
  if (video.frames > 0 && video.framesPerSecond > 0) return video
  throw new Failure('VIDEO_FRAMES', 'reading an MPEG stream: the number or rate of its frames is not stated')
}

const codecFailure = (found: string): Failure =>
  new Failure('VIDEO_CODEC', `reading an MPEG stream: ${found}`)
