import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tempFolder } from '../temp-folder.ts'
import { madeBy } from './made-file.ts'

interface VideoChoices {
  readonly size?: string
  readonly rate?: string
  readonly seconds?: string
  readonly sound?: boolean
}

/** A video of a test picture by ffmpeg, in the container that the name's ending says; `args` choose the coding. */
export function video(name: string, args: readonly string[], choices: VideoChoices = {}): Buffer {
  const { size = '320x240', rate = '25', seconds = '1', sound = false } = choices
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}`]
  const tone = sound ? ['-f', 'lavfi', '-i', 'sine=frequency=440'] : []
  return madeBy('ffmpeg', name, [
    '-v',
    'error',
    ...picture,
    ...tone,
    '-t',
    seconds,
    '-threads',
    '1',
    ...args,
    'OUT',
  ])
}

export const H264 = [
  '-c:v',
  'libx264',
  '-preset',
  'ultrafast',
  '-profile:v',
  'high',
  '-level',
  '4.1',
  '-pix_fmt',
  'yuv420p',
]
  // ultrafast alone gives Baseline, which has no 8×8 transform.
  .concat(['-x264-params', '8x8dct=1:log-level=none'])
export const HEVC = [
  '-c:v',
  'libx265',
  '-preset',
  'ultrafast',
  '-x265-params',
  'log-level=none',
  '-pix_fmt',
  'yuv420p',
]
export const MPEG2 = ['-c:v', 'mpeg2video']
export const MOTION_JPEG = ['-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p']

interface Probed {
  readonly columns: number
  readonly rows: number
  readonly frames: number
  readonly profile: string
  readonly framesPerSecond: number
}

/** Asks ffprobe, which decodes the video to count its frames. */
export function probe(bytes: Buffer): Probed {
  using folder = tempFolder()
  writeFileSync(folder.join('video'), bytes)
  const fields = 'width,height,profile,nb_read_frames,avg_frame_rate,r_frame_rate'
  const json = execFileSync('ffprobe', [
    '-v',
    'error',
    '-count_frames',
    '-select_streams',
    'v:0',
    '-show_entries',
    `stream=${fields}`,
    '-of',
    'json',
    folder.join('video'),
  ])
  const { streams } = JSON.parse(json.toString()) as { streams: readonly Record<string, string>[] }
  const [stream = {}] = streams
  const [over = 0, under = 1] = (stream['avg_frame_rate'] ?? '').split('/').map(Number)
  return {
    columns: Number(stream['width']),
    rows: Number(stream['height']),
    frames: Number(stream['nb_read_frames']),
    profile: stream['profile'] ?? '',
    framesPerSecond: over / under,
  }
}
