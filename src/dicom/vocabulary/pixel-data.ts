import { TAG, type Tag } from './tag.ts'

/** The elements that hold the pixels of an image: integers, or floating point numbers of parametric maps (PS3.3 §C.7.6). */
export const PIXEL_DATA: ReadonlySet<Tag> = new Set([
  TAG.PixelData,
  TAG.FloatPixelData,
  TAG.DoubleFloatPixelData,
])
