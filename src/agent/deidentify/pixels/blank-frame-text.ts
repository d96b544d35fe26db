import type { ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import type { DataSetToken } from '../../../dicom/read/data-set-token.ts'
import { TRANSFER_SYNTAX as SYNTAX } from '../../../dicom/vocabulary/transfer-syntax.ts'
import { withheld } from '../element/withheld.ts'
import type { FrameText, OnUnknownForm } from './frame-text.ts'
import { Jpeg2000Text } from './jpeg-2000-text.ts'
import { JpegText } from './jpeg-text.ts'
import { VideoText } from './video-text.ts'

type MakeFrameText = (onUnknownForm: OnUnknownForm) => FrameText

const JPEG: MakeFrameText = (onUnknown) => new JpegText(false, onUnknown)
const JPEG_LS: MakeFrameText = (onUnknown) => new JpegText(true, onUnknown)
const JPEG_2000: MakeFrameText = (onUnknown) => new Jpeg2000Text(onUnknown)
const MPEG_2: MakeFrameText = (onUnknown) => new VideoText('MPEG-2', onUnknown)
const H_264: MakeFrameText = (onUnknown) => new VideoText('H.264', onUnknown)
const HEVC: MakeFrameText = (onUnknown) => new VideoText('HEVC', onUnknown)
/** Only samples: no place for text. */
const NOWHERE: MakeFrameText = () => ({ pass: () => {} })

/**
 * Families by the last part of their UIDs under {@link JPEG_AND_VIDEO}; a video variant that may be fragmented ends in
 * .1.
 */
const FAMILIES: readonly (readonly [RegExp, MakeFrameText])[] = [
  [/^(5\d|6[0-6]|70)$/, JPEG],
  [/^8[01]$/, JPEG_LS],
  [/^(9[0-3]|20[1-3])$/, JPEG_2000],
  [/^10[01](\.1)?$/, MPEG_2],
  [/^10[2-6](\.1)?$/, H_264],
  [/^10[78]$/, HEVC],
]
const JPEG_AND_VIDEO = '1.2.840.10008.1.2.4.'
const WITHOUT_TEXT: ReadonlySet<string> = new Set([
  SYNTAX.RLELossless,
  SYNTAX.EncapsulatedUncompressedExplicitVRLittleEndian,
  SYNTAX.DeflatedImageFrameCompression,
])

function placesOf(transferSyntaxUid: string): MakeFrameText | undefined {
  if (WITHOUT_TEXT.has(transferSyntaxUid)) return NOWHERE
  if (!transferSyntaxUid.startsWith(JPEG_AND_VIDEO)) return undefined
  const family = transferSyntaxUid.slice(JPEG_AND_VIDEO.length)
  return FAMILIES.find(([pattern]) => pattern.test(family))?.[1]
}

/**
 * Passes encapsulated pixel data and blanks the text in its frames; lengths and coded samples stay unchanged. Throws
 * DEID_WITHHELD for frames whose text places are unknown, unless `passesUnknown`.
 */
export class BlankedFrameText implements ValueTransform {
  readonly #text: FrameText
  #isBehindOffsetTable = false

  constructor(transferSyntaxUid: string, passesUnknown: boolean) {
    const onUnknownForm: OnUnknownForm = (why) => {
      if (!passesUnknown) throw withheld(`${why}, so the places of text in it are not known`)
    }
    const make = placesOf(transferSyntaxUid)
    if (make === undefined)
      onUnknownForm(`its pixel data is compressed in a form that is not known here (${transferSyntaxUid})`)
    this.#text = (make ?? NOWHERE)(onUnknownForm)
  }

  push(token: DataSetToken): Buffer[] {
    if (token.kind === 'fragment' && this.#isBehindOffsetTable) this.#text.beginFragment?.()
    if (token.kind !== 'value') return [token.bytes]
    if (this.#isBehindOffsetTable) return [this.#blanked(token.bytes)]
    this.#isBehindOffsetTable = token.last
    return [token.bytes]
  }

  /** Copies the bytes first: other routes get the same memory. */
  #blanked(bytes: Buffer): Buffer {
    const own = Buffer.from(bytes)
    this.#text.pass(own)
    return own
  }
}
