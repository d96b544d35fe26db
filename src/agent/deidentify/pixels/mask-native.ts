import type { ValueTransform } from '../../../dicom/edit/data-set-editor.ts'
import type { PixelRegion } from '../element/profile.ts'
import { blacken, type FrameLayout, type PixelPlane } from './mask-regions.ts'
import { blackPixel, type PixelImage } from './pixel-image.ts'

const SAMPLE_BITS: ReadonlySet<number> = new Set([8, 16, 32, 64])

/** Returns the layout of native pixel data (PS3.5 §8.1, §8.2); undefined for an unknown form, such as single bits. */
export function nativeLayout(image: PixelImage, littleEndian: boolean): FrameLayout | undefined {
  const { rows, columns, samplesPerPixel, bitsAllocated, isPlanar } = image
  const black = blackPixel(image)
  if (black === undefined || !SAMPLE_BITS.has(bitsAllocated) || rows === 0 || columns === 0) return undefined
  if (image.photometricInterpretation === 'YBR_FULL_422') return subsampledLayout(image, black)
  const samples = black.map((value) => sampleBytes(value, bitsAllocated / 8, littleEndian))
  const planeBytes = rows * columns * (bitsAllocated / 8)
  const planes = isPlanar
    ? samples.map((sample, i) => planeOf(sample, columns, i * planeBytes))
    : [planeOf(Buffer.concat(samples), columns, 0)]
  return { frameBytes: planeBytes * samplesPerPixel, planes }
}

const planeOf = (black: Buffer, columns: number, offset: number): PixelPlane => ({
  offset,
  rowBytes: columns * black.length,
  unitPixels: 1,
  black,
})

/** Y1 Y2 Cb Cr for two pixels (PS3.3 §C.7.6.3.1.2): both become black, since they share their chroma. */
function subsampledLayout(image: PixelImage, black: readonly number[]): FrameLayout | undefined {
  const { rows, columns, bitsAllocated, isPlanar } = image
  if (bitsAllocated !== 8 || isPlanar || columns % 2 !== 0) return undefined
  const [y = 0, cb = 0, cr = 0] = black
  const plane = { offset: 0, rowBytes: columns * 2, unitPixels: 2, black: Buffer.from([y, y, cb, cr]) }
  return { frameBytes: rows * plane.rowBytes, planes: [plane] }
}

function sampleBytes(value: number, bytes: number, littleEndian: boolean): Buffer {
  const sample = Buffer.alloc(bytes)
  // 64 bits are floating point, whose zero is all zeros.
  if (bytes > 4) return sample
  if (littleEndian) sample.writeUIntLE(value, 0, bytes)
  else sample.writeUIntBE(value, 0, bytes)
  return sample
}

/**
 * Blackens regions of native pixel data as it passes; nothing is held. `isSwapped`: samples of 8 bits in words of big endian,
 * where the first of two neighbours comes after the second (PS3.5 §8.1.1 with §7.3).
 */
export function maskNative(
  layout: FrameLayout,
  regions: readonly PixelRegion[],
  isSwapped: boolean,
): ValueTransform {
  let at = 0
  let half = Buffer.alloc(0)
  const masked = (bytes: Buffer): Buffer => {
    const done = blacken(bytes, at, layout, regions)
    at += bytes.length
    return done
  }
  return {
    push(token) {
      if (token.kind !== 'value') return [token.bytes]
      if (!isSwapped) return [masked(token.bytes)]
      const bytes = Buffer.concat([half, token.bytes])
      const whole = bytes.length - (bytes.length % 2)
      half = bytes.subarray(whole)
      return [masked(bytes.subarray(0, whole).swap16()).swap16(), ...(token.last ? [half] : [])]
    },
  }
}
