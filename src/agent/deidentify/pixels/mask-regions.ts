import type { PixelRegion } from '../element/profile.ts'
import type { PixelImage } from './pixel-image.ts'

/** Rows of equal units within a frame: a whole interleaved frame, or one of its planes. */
export interface PixelPlane {
  /** Its offset in the frame. */
  readonly offset: number
  readonly rowBytes: number
  /** Pixels that are written together: 2 if neighbours share their chroma, otherwise 1. */
  readonly unitPixels: number
  /** The bytes of one black unit. */
  readonly black: Buffer
}

/** The places of a frame's pixels among its bytes. */
export interface FrameLayout {
  readonly frameBytes: number
  readonly planes: readonly PixelPlane[]
}

/** Returns the parts of the regions that are within the image. */
export function clipRegions(
  regions: readonly PixelRegion[],
  { rows, columns }: PixelImage,
): readonly PixelRegion[] {
  return regions.flatMap((region) => {
    const [x, y] = [Math.max(0, region.x), Math.max(0, region.y)]
    const width = Math.min(region.x + region.width, columns) - x
    const height = Math.min(region.y + region.height, rows) - y
    return width > 0 && height > 0 ? [{ x, y, width, height }] : []
  })
}

/**
 * Returns a piece of pixel data with its part of the regions blackened in every frame; `at` is its offset in the whole.
 * Copies the piece if it changes, because another route may use the same bytes.
 */
export function blacken(
  bytes: Buffer,
  at: number,
  layout: FrameLayout,
  regions: readonly PixelRegion[],
): Buffer {
  let changed: Buffer | undefined
  for (const { start, end, black } of spansWithin(layout, regions, at, at + bytes.length)) {
    const [from, to] = [Math.max(start, at), Math.min(end, at + bytes.length)]
    if (from >= to) continue
    changed ??= Buffer.from(bytes)
    for (let i = from; i < to; i++) changed[i - at] = black[(i - start) % black.length] ?? 0
  }
  return changed ?? bytes
}

interface Span {
  readonly start: number
  readonly end: number
  readonly black: Buffer
}

/** Yields the rows of the regions that may have bytes from `from` to `to`. */
function* spansWithin(
  { frameBytes, planes }: FrameLayout,
  regions: readonly PixelRegion[],
  from: number,
  to: number,
): Generator<Span> {
  for (let frame = Math.floor(from / frameBytes); frame * frameBytes < to; frame++) {
    for (const plane of planes) {
      const base = frame * frameBytes + plane.offset
      for (const region of regions) yield* rowsWithin(plane, base, region, from, to)
    }
  }
}

function* rowsWithin(
  { rowBytes, unitPixels, black }: PixelPlane,
  base: number,
  { x, y, width, height }: PixelRegion,
  from: number,
  to: number,
): Generator<Span> {
  const first = Math.max(y, Math.floor((from - base) / rowBytes))
  const last = Math.min(y + height - 1, Math.floor((to - 1 - base) / rowBytes))
  const left = Math.floor(x / unitPixels) * black.length
  const right = Math.ceil((x + width) / unitPixels) * black.length
  for (let row = first; row <= last; row++) {
    const start = base + row * rowBytes
    yield { start: start + left, end: start + right, black }
  }
}
