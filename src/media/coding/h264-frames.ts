import { BitReader, withoutEmulation } from './bit-reader.ts'
import { type H264Parameters, readH264Parameters } from './h264-parameters.ts'
import { StartCodes } from './start-codes.ts'

const UNIT = { slice: 1, idrSlice: 5, parameters: 7 } as const

/** Reads the first sequence parameter set of an elementary stream of H.264, and counts its frames. */
export class H264Frames {
  readonly #codes = new StartCodes((unit) => this.#take(unit))
  #parameters: H264Parameters | undefined
  #pictures = 0
  #fields = 0

  push(bytes: Buffer): void {
    this.#codes.push(bytes)
  }

  finish(): { readonly parameters: H264Parameters; readonly frames: number } | undefined {
    this.#codes.finish()
    if (this.#parameters === undefined) return undefined
    return { parameters: this.#parameters, frames: this.#pictures - Math.floor(this.#fields / 2) }
  }

  #take(unit: Buffer): void {
    const type = (unit[0] ?? 0) & 0x1f
    if (type === UNIT.parameters) this.#parameters ??= readH264Parameters(unit)
    if (type === UNIT.slice || type === UNIT.idrSlice) this.#takeSlice(unit)
  }

  /** The first slice of a picture begins with macroblock 0 (ITU-T H.264 §7.3.3). */
  #takeSlice(unit: Buffer): void {
    const bits = new BitReader(withoutEmulation(unit.subarray(1, 64)))
    if (bits.unsigned() !== 0) return
    this.#pictures++
    if (this.#parameters === undefined || this.#parameters.isFramesOnly) return
    bits.unsigned()
    bits.unsigned()
    bits.bits(this.#parameters.frameNumberBits)
    if (bits.bit() === 1) this.#fields++
  }
}
