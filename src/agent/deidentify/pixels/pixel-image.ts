import type { ElementList } from '../../../dicom/edit/data-set-tree.ts'
import { TAG } from '../../../dicom/vocabulary/tag.ts'
import { textAt } from '../element/element-text.ts'

/** The encoding of an image's pixels (PS3.3 §C.7.6.3); 0 or '' for missing attributes. */
export interface PixelImage {
  readonly rows: number
  readonly columns: number
  readonly frames: number
  readonly samplesPerPixel: number
  readonly bitsAllocated: number
  readonly bitsStored: number
  readonly highBit: number
  readonly isSigned: boolean
  /** Planar Configuration 1: all of one sample, then all of the next. */
  readonly isPlanar: boolean
  readonly photometricInterpretation: string
}

export function readPixelImage(head: ElementList): PixelImage {
  const samplesPerPixel = shortAt(head, TAG.SamplesPerPixel) ?? 0
  const bitsAllocated = shortAt(head, TAG.BitsAllocated) ?? 0
  const bitsStored = shortAt(head, TAG.BitsStored) ?? bitsAllocated
  return {
    rows: shortAt(head, TAG.Rows) ?? 0,
    columns: shortAt(head, TAG.Columns) ?? 0,
    frames: framesOf(textAt(head, TAG.NumberOfFrames)),
    samplesPerPixel,
    bitsAllocated,
    bitsStored,
    highBit: shortAt(head, TAG.HighBit) ?? bitsStored - 1,
    isSigned: shortAt(head, TAG.PixelRepresentation) === 1,
    isPlanar: samplesPerPixel > 1 && shortAt(head, TAG.PlanarConfiguration) === 1,
    photometricInterpretation: textAt(head, TAG.PhotometricInterpretation),
  }
}

/**
 * Returns the samples of a black pixel; undefined if their form is not known. With MONOCHROME1 the highest value is
 * black; for signed values it is 0, which is within the range of the other pixels. With a palette it is the first
 * entry, which has the same colour everywhere.
 */
export function blackPixel(image: PixelImage): readonly number[] | undefined {
  const { samplesPerPixel, bitsStored } = image
  const middle = 2 ** (bitsStored - 1)
  switch (image.photometricInterpretation) {
    case 'MONOCHROME1':
      return samplesPerPixel === 1 ? highest(image) : undefined
    case 'MONOCHROME2':
    case 'PALETTE COLOR':
      return samplesPerPixel === 1 ? [0] : undefined
    case 'RGB':
      return samplesPerPixel === 3 ? [0, 0, 0] : undefined
    case 'YBR_FULL':
    case 'YBR_FULL_422':
      return samplesPerPixel === 3 && bitsStored > 0 ? [0, middle, middle] : undefined
    default:
      return undefined
  }
}

function highest({ bitsStored, highBit, isSigned }: PixelImage): readonly number[] | undefined {
  const lowBit = highBit - bitsStored + 1
  if (bitsStored < 1 || lowBit < 0) return undefined
  return [(2 ** (isSigned ? bitsStored - 1 : bitsStored) - 1) * 2 ** lowBit]
}

function framesOf(text: string): number {
  if (text === '') return 1
  return /^\+?\d+$/.test(text) ? Number(text) : 0
}

function shortAt(head: ElementList, tag: number): number | undefined {
  const element = head.find(tag)
  if (element === undefined || element.items !== undefined || element.value.length < 2) return undefined
  return element.encoding.littleEndian ? element.value.readUInt16LE() : element.value.readUInt16BE()
}
