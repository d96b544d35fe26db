import { TRANSFER_SYNTAX } from '../../../dicom/vocabulary/transfer-syntax.ts'
import type { Jpeg } from '../../../media/read-jpeg.ts'
import { Failure } from '../../../platform/failure.ts'
import type { PixelFacts } from './image-elements.ts'
import type { WrapHandling } from './wrap-facts.ts'
import type { WrapFinding } from './wrap-finding.ts'

/** VL Image knows samples of 8 bits only (PS3.3 §C.8.12.1). */
const VISIBLE_LIGHT_BITS = 8

/**
 * Returns the transfer syntax of a JPEG stream (PS3.5 §8.2.1, §A.4.1). Throws IMAGE_PROGRESSIVE, IMAGE_CODING or IMAGE_CMYK
 * if it has none that is in use.
 */
export function jpegSyntax({ process, bits, components, hasHuffmanTables }: Jpeg): string {
  if (process === 'progressive')
    throw new Failure('IMAGE_PROGRESSIVE', 'wrapping a JPEG: it is progressive (SOF2)')
  if (process !== 'baseline' && process !== 'extended') throw coding(`its process is ${process}`)
  if (components === 4) throw new Failure('IMAGE_CMYK', 'wrapping a JPEG: it has four colour components')
  if (components !== 1 && components !== 3) throw coding(`it has ${components} colour components`)
  if (!hasHuffmanTables) throw coding('it has no Huffman tables')
  if (process === 'baseline' && bits !== 8) throw coding(`it is baseline with ${bits} bits`)
  if (bits !== 8 && bits !== 12) throw coding(`its samples have ${bits} bits`)
  if (bits === 12 && components === 3) throw coding('it has colours of 12 bits')
  return process === 'baseline' ? TRANSFER_SYNTAX.JPEGBaseline8Bit : TRANSFER_SYNTAX.JPEGExtended12Bit
}

/** Colour is YBR_FULL_422 for every subsampling, as CP-1654 has it, unless the stream says that it is RGB. */
export function jpegPixels({ rows, columns, components, bits, isRgb }: Jpeg): PixelFacts {
  const samples = components === 1 ? 1 : 3
  const colour = isRgb ? 'RGB' : 'YBR_FULL_422'
  return {
    rows,
    columns,
    samples,
    photometricInterpretation: samples === 1 ? 'MONOCHROME2' : colour,
    bitsAllocated: bits > 8 ? 16 : 8,
    bitsStored: bits,
  }
}

/** Images that Visible Light does not allow are Secondary Capture; a missing region is a finding. */
export function imageHandling(
  handling: WrapHandling,
  bitsStored: number,
): { handling: WrapHandling; findings: WrapFinding[] } {
  if (handling.as === 'secondary') return { handling, findings: [] }
  if (bitsStored > VISIBLE_LIGHT_BITS)
    return { handling: { ...handling, as: 'secondary' }, findings: ['storedAsSecondaryCapture'] }
  return { handling, findings: handling.anatomicRegion === undefined ? ['regionUnknown'] : [] }
}

const coding = (found: string): Failure => new Failure('IMAGE_CODING', `wrapping a JPEG: ${found}`)
