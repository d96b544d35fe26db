import { readPixelImage } from '../../src/agent/deidentify/pixels/pixel-image.ts'
import type { OpenObject } from './open-object.ts'
import type { PlantedObject } from './planted-set.ts'
import { MASKED_ROWS } from './profile.ts'
import type { Score } from './score.ts'

/** Largest change by a lossy form: of a black pixel, and of a pixel that was only encoded again. */
const [BLACK_TOLERANCE, MEAN_TOLERANCE] = [10, 3]

/**
 * Pixels before and after; both native where a mask is expected. `isLossy`: they have been through a form that changes
 * values a little.
 */
export function scorePixels(
  score: Score,
  planted: PlantedObject,
  before: OpenObject,
  after: OpenObject | undefined,
  isLossy: boolean,
): void {
  const [was, is] = [before.pixels, after?.pixels]
  if (was === undefined) return
  const { source } = planted
  if (!planted.isMasked)
    return score.count('pixels retained', is !== undefined && isSameButBlanks(was, is), source, 'all')
  const inside = insideOf(before)
  if (inside === undefined) return
  score.count('pixels hidden', is !== undefined && isBlack(is, inside, isLossy), source, 'rows from above')
  score.count(
    'pixels retained',
    is !== undefined && isSame(was, is, inside, isLossy),
    source,
    'the other rows',
  )
}

/** An encoder's name and statistics, or a comment: at most this many bytes of a frame may have become blank. */
const MOST_BLANKED = 1024

/** True if the bytes are the same, except for a few that are blank now: text beside the coded samples. */
function isSameButBlanks(was: Buffer, is: Buffer): boolean {
  if (was.equals(is)) return true
  if (was.length !== is.length) return false
  const changed = is.filter((byte, i) => byte !== was[i])
  return changed.length <= MOST_BLANKED && changed.every((byte) => byte === 0 || byte === 0x20)
}

interface Inside {
  readonly frames: number
  readonly planes: number
  readonly rows: number
  readonly rowBytes: number
  readonly unitBytes: number
}

function insideOf({ parts }: OpenObject): Inside | undefined {
  const [head] = parts
  if (head === undefined) return undefined
  const { frames, rows, columns, samplesPerPixel, bitsAllocated, isPlanar, photometricInterpretation } =
    readPixelImage(head)
  if (bitsAllocated < 8 || bitsAllocated % 8 !== 0 || rows === 0) return undefined
  const bytes = bitsAllocated / 8
  const isHalf = photometricInterpretation === 'YBR_FULL_422'
  const unitBytes = isHalf ? 4 : bytes * (isPlanar ? 1 : samplesPerPixel)
  const rowBytes = isHalf ? columns * 2 : columns * unitBytes
  return { frames, planes: isPlanar ? samplesPerPixel : 1, rows, rowBytes, unitBytes }
}

function* rowsOf(pixels: Buffer, { frames, planes, rows, rowBytes }: Inside) {
  for (let row = 0; row < frames * planes * rows; row++) {
    const at = row * rowBytes
    yield { at, isInside: row % rows < MASKED_ROWS, bytes: pixels.subarray(at, at + rowBytes) }
  }
}

/** Every pixel of the rows like the first one. */
function isBlack(pixels: Buffer, inside: Inside, isLossy: boolean): boolean {
  const first = pixels.subarray(0, inside.unitBytes)
  for (const { isInside, bytes } of rowsOf(pixels, inside)) {
    if (!isInside) continue
    const isLike = bytes.every(
      (byte, i) => Math.abs(byte - (first[i % first.length] ?? 0)) <= (isLossy ? BLACK_TOLERANCE : 0),
    )
    if (!isLike) return false
  }
  return true
}

function isSame(was: Buffer, is: Buffer, inside: Inside, isLossy: boolean): boolean {
  if (was.length !== is.length) return false
  let [sum, count] = [0, 0]
  for (const { at, isInside, bytes } of rowsOf(was, inside)) {
    if (isInside) continue
    const other = is.subarray(at, at + bytes.length)
    if (!isLossy && !bytes.equals(other)) return false
    if (isLossy) for (const [i, byte] of bytes.entries()) sum += Math.abs(byte - (other[i] ?? 0))
    count += bytes.length
  }
  return sum <= MEAN_TOLERANCE * Math.max(count, 1)
}
