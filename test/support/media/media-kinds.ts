import { image, pdf } from './made-file.ts'
import { H264, HEVC, MOTION_JPEG, MPEG2, video } from './made-video.ts'
import { smallCda, smallFile } from './small-files.ts'

/** A file without DICOM, and what Ferry promises for it. */
export interface MediaKindCase {
  readonly name: string
  /** The ending of its file name, which decides nothing. */
  readonly ending: string
  readonly bytes: Buffer
  readonly as: 'endoscopic' | 'photographic' | 'secondary'
  /** crosses: it reaches the center as an instance. Otherwise the code of the cause for which it is held, or `waits`: it is not whole. */
  readonly expected: string
  /** The part of it that the instance must contain as it is; undefined if its pixels are decoded. */
  readonly same?: Buffer
}

/** Programs that make the files. */
export const MEDIA_PROGRAMS = ['ffmpeg', 'convert', 'gs']

const PLASMA = ['-size', '320x240', 'plasma:', '-depth', '8']
const START_OF_SCAN = Buffer.from('ffda', 'hex')
const BASELINE = ['-c:v', 'libx264', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p']
const LOCKED = ['-sOwnerPassword=a', '-sUserPassword=b', '-dEncryptionR=3', '-dKeyLength=128']

/** Crosses with all of its bytes. */
const whole = (name: string, ending: string, bytes: Buffer): MediaKindCase => ({
  name,
  ending,
  bytes,
  as: 'endoscopic',
  expected: 'crosses',
  same: bytes,
})

const decoded = (name: string, ending: string, bytes: Buffer): MediaKindCase => ({
  name,
  ending,
  bytes,
  as: 'secondary',
  expected: 'crosses',
})

const kept = (expected: string, name: string, ending: string, bytes: Buffer): MediaKindCase => ({
  name,
  ending,
  bytes,
  as: 'endoscopic',
  expected,
})

/** Makes one file of each kind. */
export function mediaKinds(): MediaKindCase[] {
  const jpeg = image('a.jpg', ...PLASMA)
  const movie = video('a.mp4', H264)
  const scan = jpeg.subarray(jpeg.lastIndexOf(START_OF_SCAN))
  return [
    { ...whole('JPEG of an endoscope', 'jpg', jpeg), same: scan },
    { ...whole('JPEG photograph', 'jpg', jpeg), as: 'photographic', same: scan },
    { ...whole('JPEG screen shot', 'jpg', jpeg), as: 'secondary', same: scan },
    decoded('PNG', 'png', image('a.png', ...PLASMA)),
    decoded('BMP', 'bmp', smallFile('bmp')),
    decoded('TIFF', 'tif', image('a.tif', ...PLASMA)),
    whole('MP4, H.264 High', 'mp4', movie),
    { ...whole('MP4, HEVC', 'mp4', video('a.mp4', HEVC)), as: 'photographic' },
    whole('MPEG-2 program stream', 'vob', video('a.vob', MPEG2)),
    decoded('AVI, Motion JPEG', 'avi', video('a.avi', MOTION_JPEG)),
    whole('PDF', 'pdf', pdf()),
    whole('CDA', 'xml', smallCda('UTF-8')),
    whole('STL model', 'stl', smallFile('stl')),
    kept('IMAGE_PROGRESSIVE', 'progressive JPEG', 'jpg', image('a.jpg', ...PLASMA, '-interlace', 'JPEG')),
    kept('IMAGE_CMYK', 'CMYK JPEG', 'jpg', image('a.jpg', ...PLASMA, '-colorspace', 'CMYK')),
    kept('VIDEO_PROFILE', 'MP4, H.264 Baseline', 'mp4', video('a.mp4', BASELINE)),
    kept('DOCUMENT_ENCRYPTED', 'encrypted PDF', 'pdf', pdf(...LOCKED)),
    kept('waits', 'JPEG without its end', 'jpg', jpeg.subarray(0, jpeg.length / 2)),
    kept('waits', 'MP4 without its index', 'mp4', movie.subarray(0, movie.length / 2)),
    kept('waits', 'text', 'txt', Buffer.from('not an image\n')),
  ]
}
