import type { PixelRegion } from '../element/profile.ts'
import type { FrameMasking } from './mask-frames.ts'
import { blackPixel, type PixelImage } from './pixel-image.ts'
import { decodeRle, encodeRle } from './rle-lossless.ts'

/** Masks the segments in place: each is a plane of single bytes, the most significant ones first (PS3.5 §G.2). */
export function rleMasking(image: PixelImage, regions: readonly PixelRegion[]): FrameMasking | undefined {
  const { rows, columns, bitsAllocated, frames } = image
  const bytesEach = bitsAllocated / 8
  const black = blackPixel(image)
  if (black === undefined || image.photometricInterpretation === 'YBR_FULL_422') return undefined
  if (![1, 2, 4].includes(bytesEach)) return undefined
  const segmentBytes = rows * columns
  const blackBytes = black.flatMap((value) => {
    const bytes = Buffer.alloc(bytesEach)
    bytes.writeUIntBE(value, 0, bytesEach)
    return Array.from(bytes)
  })
  const planes = blackBytes.map((byte, i) => ({
    offset: i * segmentBytes,
    rowBytes: columns,
    unitPixels: 1,
    black: Buffer.from([byte]),
  }))
  return {
    frames,
    regions,
    layout: { frameBytes: segmentBytes * planes.length, planes },
    isFragmentAFrame: true,
    codec: {
      decode: (frame) => decodeRle(frame, planes.length, segmentBytes),
      encode: (decoded) => encodeRle(decoded, planes.length, columns),
    },
  }
}
