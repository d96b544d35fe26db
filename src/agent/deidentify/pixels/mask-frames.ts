import type { ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import { writeElementHeader } from '../../../dicom/edit/write-element.ts'
import type { DataSetToken } from '../../../dicom/read/data-set-token.ts'
import { IMPLICIT_LITTLE_ENDIAN } from '../../../dicom/read/element-header.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'
import type { Failure } from '../../../platform/failure.ts'
import type { PixelRegion } from '../element/profile.ts'
import { withheld } from '../element/withheld.ts'
import { blacken, type FrameLayout } from './mask-regions.ts'

/** Decoding, masking and encoding of the frames of one encapsulated image. */
export interface FrameMasking {
  readonly frames: number
  readonly regions: readonly PixelRegion[]
  /** Layout of a decoded frame. */
  readonly layout: FrameLayout
  /** True if each fragment is a frame (RLE: PS3.5 §A.4.2). */
  readonly isFragmentAFrame: boolean
  readonly codec: { decode(frame: Buffer): Buffer; encode(pixels: Buffer): Buffer }
}

/** Limit for compressed bytes; one frame is held at a time. */
const FRAME_LIMIT_BYTES = 512 * 1024 * 1024
const EVEN = Buffer.alloc(1)

/**
 * Masks encapsulated pixel data frame by frame (PS3.5 §A.4), and writes each as one fragment after an empty offset
 * table. If a frame spans several fragments, the codestreams determine its end: the tables of devices are often wrong.
 */
export class MaskedFrames implements ValueTransform {
  readonly #masking: FrameMasking
  #isBehindOffsetTable = false
  #framesDone = 0
  /** Fragments of the current frame, and parts of the current fragment. */
  #frame: Buffer[] = []
  #fragment: Buffer[] = []
  #heldBytes = 0

  constructor(masking: FrameMasking) {
    this.#masking = masking
  }

  push(token: DataSetToken): Buffer[] {
    if (token.kind === 'value') return this.#takeValue(token.bytes, token.last)
    if (token.kind === 'fragment') return []
    if (token.kind === 'fragmentsEnd') return [...this.#endFrame(), ...this.#finish(token.bytes)]
    return [token.bytes]
  }

  #takeValue(bytes: Buffer, last: boolean): Buffer[] {
    // A copy: the memory of the input may be reused.
    this.#fragment.push(Buffer.from(bytes))
    this.#heldBytes += bytes.length
    if (this.#heldBytes > FRAME_LIMIT_BYTES)
      throw withheld('a frame of its pixel data is too large to be masked')
    if (!last) return []
    const fragment = Buffer.concat(this.#fragment)
    this.#fragment = []
    if (this.#isBehindOffsetTable) return this.#takeFragment(fragment)
    this.#isBehindOffsetTable = true
    this.#heldBytes = 0
    return [itemHeader(0)]
  }

  #takeFragment(fragment: Buffer): Buffer[] {
    const { frames, isFragmentAFrame } = this.#masking
    const isNext =
      isFragmentAFrame ||
      (frames > 1 && beginsCodestream(fragment) && endsCodestream(Buffer.concat(this.#frame)))
    const done = isNext ? this.#endFrame() : []
    this.#frame.push(fragment)
    if (isNext) this.#heldBytes = fragment.length
    return done
  }

  #endFrame(): Buffer[] {
    if (this.#frame.length === 0) return []
    const { codec, layout, regions, frames } = this.#masking
    if (this.#framesDone++ >= frames) throw this.#miscounted()
    const decoded = codec.decode(Buffer.concat(this.#frame))
    this.#frame = []
    this.#heldBytes = 0
    if (decoded.length !== layout.frameBytes)
      throw withheld(
        'a frame of its pixel data, which has to be masked, has another size than its attributes say',
      )
    const encoded = codec.encode(blacken(decoded, 0, layout, regions))
    const padding = encoded.length % 2 === 0 ? [] : [EVEN]
    return [itemHeader(encoded.length + padding.length), encoded, ...padding]
  }

  #finish(delimiter: Buffer): Buffer[] {
    if (this.#framesDone !== this.#masking.frames) throw this.#miscounted()
    return [delimiter]
  }

  #miscounted(): Failure {
    return withheld(
      `its pixel data, which has to be masked, does not hold the ${this.#masking.frames} frames that it declares`,
    )
  }
}

const itemHeader = (length: number): Buffer =>
  writeElementHeader(TAG.Item, '', length, IMPLICIT_LITTLE_ENDIAN)

/** SOI and the next marker (ISO/IEC 10918-1, 14495-1), or SOC and SIZ (15444-1). */
function beginsCodestream(bytes: Buffer): boolean {
  const start = bytes.toString('hex', 0, 4)
  return start.startsWith('ffd8ff') || start === 'ff4fff51'
}

/**
 * EOI or EOC, which are equal and never occur within a codestream; the padding may be zeros, or one byte of any value.
 */
function endsCodestream(bytes: Buffer): boolean {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return [end - 2, end - 3].some((at) => bytes[at] === 0xff && bytes[at + 1] === 0xd9)
}
