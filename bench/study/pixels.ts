/** Content of an invented image: an ellipse of `inside` on `outside`, with noise. Stored values, 12 bits. */
export interface Phantom {
  readonly rows: number
  readonly columns: number
  readonly outside: number
  readonly inside: number
}

const NOISE_VALUES = 1 << 20
const NOISE_MASK = NOISE_VALUES - 1
/** Odd, so that every image begins at another place of the noise. */
const NOISE_STEP = 104_729
const NOISE_RANGE = 128

/** Draws the images of one set; the same number gives the same bytes on every machine. */
export class ImageMaker {
  readonly #base: Uint16Array
  readonly #noise = noise()

  constructor(phantom: Phantom) {
    this.#base = ellipse(phantom)
  }

  /** 16 bits a pixel, little endian as DICOM wants them here (and as every machine that Node runs on has them). */
  image(number: number): Buffer {
    const pixels = new Uint16Array(this.#base.length)
    const offset = number * NOISE_STEP
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = (this.#base[i] ?? 0) + (this.#noise[(i + offset) & NOISE_MASK] ?? 0)
    }
    return Buffer.from(pixels.buffer)
  }
}

function ellipse({ rows, columns, outside, inside }: Phantom): Uint16Array {
  const pixels = new Uint16Array(rows * columns).fill(outside)
  for (let row = 0; row < rows; row++) {
    const y = (2 * row) / rows - 1
    const halfWidth = Math.floor((Math.sqrt(Math.max(0, 0.7 - y * y)) * columns) / 2)
    const start = row * columns + Math.floor(columns / 2) - halfWidth
    pixels.fill(inside, start, start + 2 * halfWidth)
  }
  return pixels
}

/** Xorshift (Marsaglia 2003), so that the data is the same every time and compresses as badly as real noise. */
function noise(): Uint16Array {
  const values = new Uint16Array(NOISE_VALUES)
  let state = 0x9e3779b9
  for (let i = 0; i < values.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    values[i] = (state >>> 0) % NOISE_RANGE
  }
  return values
}
