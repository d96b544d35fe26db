import { type DataSetToken, type ElementToken, UNDEFINED_LENGTH } from '../read/data-set-token.ts'
import type { Ending } from '../second-reading/second-reading.ts'
import type { TwofoldReading } from '../second-reading/twofold-reading.ts'
import { attributeOf, isPrivate } from '../vocabulary/attribute.ts'
import { PIXEL_DATA } from '../vocabulary/pixel-data.ts'

/** VRs whose value may contain the bytes of other elements. */
const OPAQUE_VRS: ReadonlySet<string> = new Set([
  'OB',
  'OD',
  'OF',
  'OL',
  'OV',
  'OW',
  'SQ',
  'UC',
  'UN',
  'UR',
  'UT',
])

/**
 * Distinguishes a data set that is cut off from one that is complete but unreadable in the middle. A wrong length
 * beyond the end looks like a cut. It is not a cut if a second reading, from the doubtful element on, reaches the end.
 */
export class EndingCheck {
  #holdsPixelData = false

  /** Takes the tokens of the second reading. */
  take(token: DataSetToken): void {
    if (token.kind === 'element' && token.depth === 0 && PIXEL_DATA.has(token.tag))
      this.#holdsPixelData = true
  }

  /** Returns how the data set ends by the second reading, after all has been pushed; 'unknown' if that is not clear. */
  of(reading: TwofoldReading): Ending {
    const last = reading.lastPlausible
    const end = reading.finishSecond() ?? 'unknown'
    if (this.#holdsPixelData && end !== 'unknown') return end
    const pixelEnding = reading.pixelEnding()
    // Pixel Data inside items belongs to an icon, and its end proves nothing.
    if (pixelEnding === 'cut' || (pixelEnding === 'whole' && !reading.isWithinItems)) return pixelEnding
    // A nested element that ends at the end of the data proves nothing about the elements around it.
    return end === 'whole' && last !== undefined && isTransparent(last) ? 'whole' : 'unknown'
  }

  /**
   * True if Pixel Data of which bytes are missing is hidden in a value, although the first reading met nothing wrong. A
   * value that may contain other bytes does not prove it: there, elements must lead up to the Pixel Data.
   */
  isHiddenCut(reading: TwofoldReading): boolean {
    if (reading.pixelEnding() !== 'cut' || this.of(reading) !== 'cut') return false
    const last = reading.lastPlausible
    return this.#holdsPixelData || (last !== undefined && isTransparent(last))
  }
}

/** Returns true for an element whose value contains no other elements, regardless of the device. */
function isTransparent({ tag, vr, length, holds }: ElementToken): boolean {
  if (holds !== 'value' || length === UNDEFINED_LENGTH) return false
  const vrs = vr !== undefined && vr !== 'UN' ? [vr] : isPrivate(tag) ? undefined : attributeOf(tag)?.vrs
  return vrs !== undefined && !vrs.some((one) => OPAQUE_VRS.has(one))
}
