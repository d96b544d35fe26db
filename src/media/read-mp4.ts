import { Failure } from '../platform/failure.ts'
import type { ByteSource } from './byte-source.ts'
import { type Box, boxAt, boxesIn } from './coding/boxes.ts'
import { damaged } from './coding/damaged.ts'
import { addFragment, fragmentDefaults } from './coding/mp4-fragment.ts'
import { type Mp4Track, readPictureEntry, readTrack, soundOf } from './coding/mp4-track.ts'
import type { CodedPicture, Video } from './coding/video.ts'
import { problemOf } from './problem-of.ts'
import { topBoxes } from './top-boxes.ts'

/** The tables of a video of many hours have some MiB; those of a fragment less. */
const MOVIE_LIMIT_BYTES = 64 * 1024 * 1024
const FRAGMENT_LIMIT_BYTES = 8 * 1024 * 1024
/** Brands of stills in the same container, and of QuickTime, whose files are not MP4. */
const STILL_BRANDS = new Set(['heic', 'heix', 'heif', 'mif1', 'msf1', 'avif', 'avis', 'crx '])
const FIRST_BOXES = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'styp'])
const H264 = new Set(['avc1', 'avc3'])
const HEVC = new Set(['hvc1', 'hev1'])
const QUICKTIME = 'qt  '

export function beginsAsMp4(first: Buffer): boolean {
  const type = first.toString('latin1', 4, 8)
  if (first.length < 16 || !FIRST_BOXES.has(type)) return false
  return type !== 'ftyp' || !STILL_BRANDS.has(first.toString('latin1', 8, 12))
}

export async function missingInMp4(source: ByteSource): Promise<string | undefined> {
  return problemOf(() => readMovie(source))
}

/**
 * Reads the boxes of an MP4 file with one video track. Throws MEDIA_DAMAGED, VIDEO_CODEC, VIDEO_FRAMES, or MEDIA_TOO_LARGE
 * for tables beyond 64 MiB.
 */
export async function readMp4(source: ByteSource): Promise<Video> {
  const { brand, tracks, frames: fragmented } = await readMovie(source)
  if (brand === QUICKTIME) throw codec('it is a QuickTime file, not an MP4')
  const pictures = tracks.filter(({ handler }) => handler === 'vide')
  const [track] = pictures
  if (track === undefined) throw codec('it has no video')
  if (pictures.length > 1) throw codec(`it has ${pictures.length} videos`)
  if (!H264.has(track.coding) && !HEVC.has(track.coding)) throw codec(`its coding is ${named(track.coding)}`)
  const picture = readPictureEntry(track)
  if (picture === undefined) throw damaged('an MP4', 'the description of its video is cut off')
  return videoOf(track, picture, fragmented, tracks)
}

function videoOf(
  track: Mp4Track,
  picture: CodedPicture,
  fragmented: number,
  tracks: readonly Mp4Track[],
): Video {
  const frames = track.samples + fragmented
  const { durations, timescale } = track
  if (frames === 0 || durations.total === 0 || timescale === 0)
    throw new Failure('VIDEO_FRAMES', 'reading an MP4: the number or duration of its frames is not stated')
  return {
    ...picture,
    container: 'mp4',
    codec: H264.has(track.coding) ? 'h264' : 'hevc',
    frames,
    framesPerSecond: (durations.samples * timescale) / durations.total,
    isRateVarying: durations.isVarying,
    isTurned: track.isTurned,
    audio: tracks.filter(({ handler }) => handler === 'soun').map(soundOf),
  }
}

interface Movie {
  readonly brand: string
  readonly tracks: readonly Mp4Track[]
  /** Number of frames of the first video in fragments. */
  readonly frames: number
}

async function readMovie(source: ByteSource): Promise<Movie> {
  let brand = QUICKTIME
  let movie: readonly Box[] | undefined
  let tracks: Mp4Track[] = []
  let frames = 0
  let mediaBytes = 0
  for await (const { type, offset, length } of topBoxes(source)) {
    if (type === 'ftyp') brand = (await source.read(offset, 4)).toString('latin1')
    if (type === 'mdat') mediaBytes += length
    if (type === 'moov' && movie === undefined) {
      if (length > MOVIE_LIMIT_BYTES)
        throw new Failure('MEDIA_TOO_LARGE', `reading an MP4: tables of ${length} bytes`)
      movie = boxesIn(await source.read(offset, length))
      tracks = movie.filter((box) => box.type === 'trak').flatMap(({ body }) => readTrack(body) ?? [])
    }
    if (type === 'moof' && movie !== undefined) {
      if (length > FRAGMENT_LIMIT_BYTES) throw damaged('an MP4', `a fragment with tables of ${length} bytes`)
      const track = tracks.find(({ handler }) => handler === 'vide')
      if (track === undefined) continue
      const defaults = fragmentDefaults(boxAt(movie, 'mvex'), track.id)
      frames += addFragment(await source.read(offset, length), track, defaults)
    }
  }
  if (movie === undefined) throw damaged('an MP4', 'no moov box: the recording was not finished')
  if (mediaBytes === 0) throw damaged('an MP4', 'no mdat box with the video')
  if (tracks.some(({ lastChunkOffset }) => lastChunkOffset >= source.size))
    throw damaged('an MP4', 'its tables refer to bytes after its end')
  return { brand, tracks, frames }
}

const codec = (found: string): Failure => new Failure('VIDEO_CODEC', `reading an MP4: ${found}`)

const named = (coding: string): string => (/^[\x20-\x7e]{4}$/.test(coding) ? coding : 'unknown')
