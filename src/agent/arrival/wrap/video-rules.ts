import { TRANSFER_SYNTAX } from '../../../dicom/vocabulary/transfer-syntax.ts'
import type { Video } from '../../../media/coding/video.ts'
import { Failure } from '../../../platform/failure.ts'
import type { WrapHandling } from './wrap-facts.ts'
import type { WrapFinding } from './wrap-finding.ts'

/** The transfer syntax of a video, and that for streams which do not fit into one fragment. */
interface VideoSyntax {
  readonly usual: string
  readonly fragmentable: string
  readonly method: 'ISO_13818_2' | 'ISO_14496_10' | 'ISO_23008_2'
  readonly findings: readonly WrapFinding[]
}

/** Profiles of H.264 (ITU-T H.264 §A.2). */
const H264 = { baseline: 66, main: 77, high: 100 } as const
/** Levels of H.264: 4.1 and 4.2. */
const H264_LEVEL = { for102: 41, for104: 42 } as const
const HEVC = { main: 1, main10: 2 } as const
/** Level 5.1, times 30. */
const HEVC_LEVEL = 153
/** Main profile and levels of MPEG-2 (ISO 13818-2 Tables 8-2 and 8-3). */
const MPEG2 = { main: 4, mainLevel: 8, high1440: 6, highLevel: 4 } as const
const YUV_420 = 1
/** Rates of Main profile at High level (PS3.5 §8.2.6), rounded. */
const HIGH_LEVEL_RATES = new Set([24, 25, 30, 50, 60])
const HIGH_LEVEL_SIZES = new Set(['1920x1080', '1280x720'])
/** Sound that DICOM allows in MP4 (PS3.5 §8.2.12). */
const MP4_SOUND = new Set(['AAC', 'MPEG audio', '.mp3'])

/**
 * Returns the transfer syntax of a video stream by its profile and level (PS3.5 §8.2.5 to §8.2.11). Throws VIDEO_PROFILE,
 * VIDEO_PIXELS, VIDEO_AUDIO or IMAGE_ROTATED.
 */
export function videoSyntax(video: Video, handling: WrapHandling): VideoSyntax {
  const findings: WrapFinding[] = []
  const wrongSound =
    video.container === 'mp4' ? video.audio.find((coding) => !MP4_SOUND.has(coding)) : undefined
  if (wrongSound !== undefined)
    throw new Failure('VIDEO_AUDIO', `wrapping a video: the sound in its MP4 is ${wrongSound}`)
  if (video.isTurned && handling.orientation === 'hold')
    throw new Failure('IMAGE_ROTATED', 'wrapping a video: its track says that it must be turned')
  if (video.isTurned) findings.push('imageRotated')
  if (video.isRateVarying) findings.push('frameRateVaries')
  if (video.chromaFormat !== YUV_420)
    throw profile(`its chroma format is ${video.chromaFormat}, not 1 (4:2:0)`)
  switch (video.codec) {
    case 'mpeg2':
      return { ...mpeg2Syntax(video), findings }
    case 'h264':
      checkSquare(video)
      return h264Syntax(video, handling, findings)
    case 'hevc':
      checkSquare(video)
      return { ...hevcSyntax(video), findings }
  }
}

function h264Syntax(video: Video, handling: WrapHandling, findings: readonly WrapFinding[]): VideoSyntax {
  const { level, bits } = video
  const isLower = video.profile === H264.baseline || video.profile === H264.main
  if (video.profile !== H264.high && !isLower) throw profile(`its H.264 profile is ${video.profile}`)
  if (isLower && handling.lowerProfiles === 'hold')
    throw profile(`its H.264 profile is ${video.profile === H264.main ? 'Main' : 'Baseline'}, not High`)
  if (bits !== 8) throw profile(`its samples have ${bits} bits`)
  const found = isLower ? [...findings, 'lowerProfile' as const] : findings
  const method = 'ISO_14496_10'
  if (level <= H264_LEVEL.for102) {
    const [usual, fragmentable] = [TRANSFER_SYNTAX.MPEG4HP41, TRANSFER_SYNTAX.MPEG4HP41F]
    return { usual, fragmentable, method, findings: found }
  }
  if (level > H264_LEVEL.for104) throw profile(`its H.264 level is ${level / 10}, above 4.2`)
  const [usual, fragmentable] = [TRANSFER_SYNTAX.MPEG4HP422D, TRANSFER_SYNTAX.MPEG4HP422DF]
  return { usual, fragmentable, method, findings: found }
}

/** HEVC has no syntaxes of its own for several fragments: they are always allowed. */
function hevcSyntax({ level, bits, isHighTier, ...video }: Video): Omit<VideoSyntax, 'findings'> {
  if (level > HEVC_LEVEL) throw profile(`its HEVC level is ${level / 30}, above 5.1`)
  if (isHighTier) throw profile('its HEVC tier is High')
  const method = 'ISO_23008_2'
  if (video.profile === HEVC.main && bits === 8)
    return { usual: TRANSFER_SYNTAX.HEVCMP51, fragmentable: TRANSFER_SYNTAX.HEVCMP51, method }
  if (video.profile === HEVC.main10 && bits <= 10)
    return { usual: TRANSFER_SYNTAX.HEVCM10P51, fragmentable: TRANSFER_SYNTAX.HEVCM10P51, method }
  throw profile(`its HEVC profile is ${video.profile} with ${bits} bits`)
}

function mpeg2Syntax(video: Video): Omit<VideoSyntax, 'findings'> {
  const { rows, columns, framesPerSecond, level } = video
  if (video.profile !== MPEG2.main) throw profile(`its MPEG-2 profile is ${video.profile}, not 4 (Main)`)
  const method = 'ISO_13818_2'
  if (level === MPEG2.mainLevel) {
    const lines = framesPerSecond > 25.01 ? 480 : 576
    if (columns > 720 || rows > lines)
      throw pixels(`${columns} by ${rows}, more than 720 by ${lines} at Main level`)
    return { usual: TRANSFER_SYNTAX.MPEG2MPML, fragmentable: TRANSFER_SYNTAX.MPEG2MPMLF, method }
  }
  if (level !== MPEG2.highLevel && level !== MPEG2.high1440) throw profile(`its MPEG-2 level is ${level}`)
  if (!HIGH_LEVEL_SIZES.has(`${columns}x${rows}`))
    throw pixels(`${columns} by ${rows}; MPEG-2 at High level is 1920 by 1080 or 1280 by 720`)
  if (!HIGH_LEVEL_RATES.has(Math.round(framesPerSecond)))
    throw profile(`its rate is ${framesPerSecond.toFixed(2)} frames a second`)
  return { usual: TRANSFER_SYNTAX.MPEG2MPHL, fragmentable: TRANSFER_SYNTAX.MPEG2MPHLF, method }
}

function checkSquare({ hasSquarePixels }: Video): void {
  if (!hasSquarePixels) throw pixels('its pixels are not square')
}

const profile = (found: string): Failure => new Failure('VIDEO_PROFILE', `wrapping a video: ${found}`)

const pixels = (found: string): Failure => new Failure('VIDEO_PIXELS', `wrapping a video: ${found}`)
