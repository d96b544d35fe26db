import { type DataSetToken, type ElementToken, UNDEFINED_LENGTH } from '../read/data-set-token.ts'
import type { Ending } from '../second-reading/second-reading.ts'
import type { TwofoldReading } from '../second-reading/twofold-reading.ts'
import { attributeOf, isPrivate } from '../vocabulary/attribute.ts'
import { TAG } from '../vocabulary/tag.ts'

/** VRs whose value may hold the bytes of other elements. */
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
 * Tells a data set that is cut from one whose end is there and whose middle cannot be read. A wrong length that points
 * beyond the end looks like a cut. It is not a cut if a second reading, from the doubtful element on, comes to the end.
 */
export class EndingCheck {
  #holdsPixelData = false

  /** Takes the tokens of the second reading. */
  take(token: DataSetToken): void {
    if (token.kind === 'element' && token.depth === 0 && token.tag === TAG.PixelData)
      this.#holdsPixelData = true
  }

  /** How the data set ends by the second reading, once all has been pushed; 'unknown' if it tells nothing. */
  of(reading: TwofoldReading): Ending {
    const last = reading.lastPlausible
    const end = reading.finishSecond() ?? 'unknown'
    if (this.#holdsPixelData && end !== 'unknown') return end
    const pixelEnding = reading.pixelEnding()
    // Pixel Data inside items is that of an icon, and proves nothing where it ends.
    if (pixelEnding === 'cut' || (pixelEnding === 'whole' && !reading.isWithinItems)) return pixelEnding
    // A nested element that ends where the data ends proves nothing of the elements around it.
    return end === 'whole' && last !== undefined && isTransparent(last) ? 'whole' : 'unknown'
  }
}

/** True for an element whose value holds no other elements, whatever a device writes into it. */
function isTransparent({ tag, vr, length, holds }: ElementToken): boolean {
  if (holds !== 'value' || length === UNDEFINED_LENGTH) return false
  const vrs = vr !== undefined && vr !== 'UN' ? [vr] : isPrivate(tag) ? undefined : attributeOf(tag)?.vrs
  return vrs !== undefined && !vrs.some((one) => OPAQUE_VRS.has(one))
}
