import type { ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import type { ElementToken } from '../../../dicom/read/data-set-token.ts'
import { isZero } from '../../../dicom/read/zeros.ts'
import { withheld } from '../element/withheld.ts'
import type { PixelImage } from './pixel-image.ts'

/**
 * Passes pixel data that is not compressed. Bytes after the last frame are not pixels: zeros may fill up to a block, and for
 * anything else, which may be text or another element, it throws DEID_WITHHELD.
 */
export function withoutSurplus({ length }: ElementToken, image: PixelImage): 'keep' | ValueTransform {
  const needed = bytesNeeded(image)
  if (needed === 0 || length <= needed + (needed % 2)) return 'keep'
  let passed = 0
  return {
    push: ({ kind, bytes }) => {
      if (kind !== 'value') return [bytes]
      const surplus = bytes.subarray(Math.max(0, needed - passed))
      passed += bytes.length
      if (!isZero(surplus))
        throw withheld(
          `its pixel data has ${length - needed} bytes more than its attributes say, and their content is not known`,
        )
      return [bytes]
    },
  }
}

/** 0 if the attributes do not say it. Colours at half the resolution need less, and some devices do not write them so. */
function bytesNeeded({ rows, columns, frames, samplesPerPixel, bitsAllocated }: PixelImage): number {
  return Math.ceil((rows * columns * frames * samplesPerPixel * bitsAllocated) / 8)
}
