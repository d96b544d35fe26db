import { StartCodes } from './start-codes.ts'

/** Facts of a sequence of MPEG-2 video (ISO 13818-2 §6.2.2, §6.3.3, §6.3.5). */
interface Mpeg2Sequence {
  /** True for MPEG-1, which has no sequence extension. */
  readonly isMpeg1: boolean
  readonly profile: number
  readonly level: number
  readonly chromaFormat: number
  readonly rows: number
  readonly columns: number
  /** 1: square pixels; 2: 4:3; 3: 16:9. */
  readonly aspect: number
  readonly framesPerSecond: number
}

const CODE = { picture: 0x00, sequenceHeader: 0xb3, extension: 0xb5 } as const
const EXTENSION = { sequence: 1, pictureCoding: 8 } as const
const RATES = [0, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60]
const FRAME_PICTURE = 3

/** Reads the first sequence header of an elementary stream, and counts its frames. */
export class Mpeg2Frames {
  readonly #codes = new StartCodes((unit) => this.#take(unit))
  #header: Buffer | undefined
  #extension: Buffer | undefined
  #pictures = 0
  #fields = 0

  push(bytes: Buffer): void {
    this.#codes.push(bytes)
  }

  /** Returns what was found; undefined without a sequence header. */
  finish(): { readonly sequence: Mpeg2Sequence; readonly frames: number } | undefined {
    this.#codes.finish()
    const header = this.#header
    if (header === undefined) return undefined
    return {
      sequence: sequenceOf(header, this.#extension),
      frames: this.#pictures - Math.floor(this.#fields / 2),
    }
  }

  #take(unit: Buffer): void {
    const code = unit[0]
    if (code === CODE.picture) this.#pictures++
    else if (code === CODE.sequenceHeader && unit.length >= 8) this.#header ??= Buffer.from(unit)
    else if (code === CODE.extension && unit.length >= 4) this.#takeExtension(unit)
  }

  /** Two pictures of one field are a frame (ISO 13818-2 §6.3.10). */
  #takeExtension(unit: Buffer): void {
    const kind = unit.readUInt8(1) >> 4
    if (kind === EXTENSION.sequence && unit.length >= 7) this.#extension ??= Buffer.from(unit)
    if (kind === EXTENSION.pictureCoding && (unit.readUInt8(3) & 3) !== FRAME_PICTURE) this.#fields++
  }
}

function sequenceOf(header: Buffer, extension: Buffer | undefined): Mpeg2Sequence {
  const size = header.readUIntBE(1, 3)
  const [aspect, rate] = [header.readUInt8(4) >> 4, header.readUInt8(4) & 0xf]
  const [first = 0, second = 0, third = 0] = extension?.subarray(1) ?? []
  const bits = extension === undefined ? 0 : extension.readUInt8(6)
  const [more, less] = [(bits >> 5) & 3, bits & 0x1f]
  return {
    isMpeg1: extension === undefined,
    profile: first & 7,
    level: second >> 4,
    chromaFormat: (second >> 1) & 3,
    columns: (size >> 12) + (((second & 1) << 1) | (third >> 7)) * 0x1000,
    rows: (size & 0xfff) + ((third >> 5) & 3) * 0x1000,
    aspect,
    framesPerSecond: ((RATES[rate] ?? 0) * (more + 1)) / (less + 1),
  }
}
