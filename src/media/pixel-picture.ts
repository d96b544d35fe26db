/** A still whose pixels are written natively, row by row. */
export interface PixelPicture {
  readonly rows: number
  readonly columns: number
  /** 1: grey, 0 is black; 3: red, green, blue, one pixel after the other. */
  readonly samples: 1 | 3
  /** Bits of a sample: 8, or 16 with the lower byte first. */
  readonly bits: 8 | 16
  readonly hadAlpha: boolean
  /** Decodes the pixels from the first row to the last, in pieces of whole rows. Throws MEDIA_DAMAGED. */
  pixels(): AsyncIterable<Buffer>
}

/** A picture takes some memory for each row, and its native form for each pixel on the receiver's side. */
const PIXEL_LIMIT = 100_000_000
const SIDE_LIMIT = 65_535

/** Returns what forbids an image of this size; Rows and Columns are US. */
export function sizeProblem(columns: number, rows: number): 'empty' | 'large' | undefined {
  if (rows < 1 || columns < 1) return 'empty'
  return rows > SIDE_LIMIT || columns > SIDE_LIMIT || rows * columns > PIXEL_LIMIT ? 'large' : undefined
}
