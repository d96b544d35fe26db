import { BitReader, withoutEmulation } from './bit-reader.ts'

/** Facts of a sequence parameter set of H.264 (ITU-T H.264 §7.3.2.1.1). */
export interface H264Parameters {
  readonly profile: number
  readonly level: number
  /** Bits of a sample, of luma and of chroma. */
  readonly bits: number
  /** 1 is 4:2:0. */
  readonly chromaFormat: number
  readonly rows: number
  readonly columns: number
  readonly isFramesOnly: boolean
  readonly frameNumberBits: number
  /** Undefined if it does not say. */
  readonly hasSquarePixels: boolean | undefined
  /** Undefined if it does not say. */
  readonly framesPerSecond: number | undefined
}

/** Profiles whose parameter set names the chroma format. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])
const EXTENDED_RATIO = 255
const MACROBLOCK = 16
const CYCLE_LIMIT = 255

/** Reads a NAL unit of type 7; undefined if it is cut off or not one. */
export function readH264Parameters(nalUnit: Buffer): H264Parameters | undefined {
  if (((nalUnit[0] ?? 0) & 0x1f) !== 7) return undefined
  const bits = new BitReader(withoutEmulation(nalUnit.subarray(1)))
  const profile = bits.bits(8)
  bits.bits(8)
  const level = bits.bits(8)
  bits.unsigned()
  const colour = HIGH_PROFILES.has(profile) ? readColour(bits) : { chromaFormat: 1, depth: 8 }
  const frameNumberBits = bits.unsigned() + 4
  skipOrderCount(bits)
  bits.unsigned()
  bits.bit()
  const width = bits.unsigned() + 1
  const height = bits.unsigned() + 1
  const isFramesOnly = bits.bit() === 1
  if (!isFramesOnly) bits.bit()
  bits.bit()
  const fields = isFramesOnly ? 1 : 2
  const [left, right, top, bottom] = bits.bit() === 1 ? [0, 0, 0, 0].map(() => bits.unsigned()) : [0, 0, 0, 0]
  const [unitX, unitY] = [
    colour.chromaFormat === 0 || colour.chromaFormat === 3 ? 1 : 2,
    colour.chromaFormat === 1 ? 2 : 1,
  ]
  const usability = bits.bit() === 1 ? readUsability(bits) : undefined
  if (bits.isBeyond) return undefined
  return {
    profile,
    level,
    bits: colour.depth,
    chromaFormat: colour.chromaFormat,
    columns: width * MACROBLOCK - unitX * ((left ?? 0) + (right ?? 0)),
    rows: height * fields * MACROBLOCK - unitY * fields * ((top ?? 0) + (bottom ?? 0)),
    isFramesOnly,
    frameNumberBits,
    hasSquarePixels: usability?.hasSquarePixels,
    framesPerSecond: usability?.framesPerSecond,
  }
}

function readColour(bits: BitReader): { chromaFormat: number; depth: number } {
  const chromaFormat = bits.unsigned()
  if (chromaFormat === 3) bits.bit()
  const depth = 8 + Math.max(bits.unsigned(), bits.unsigned())
  bits.bit()
  if (bits.bit() === 1) skipScalingLists(bits, chromaFormat === 3 ? 12 : 8)
  return { chromaFormat, depth }
}

function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list++) {
    if (bits.bit() === 0) continue
    let [last, next] = [8, 8]
    for (let i = 0; i < (list < 6 ? 16 : 64); i++) {
      if (next !== 0) next = (last + bits.signed() + 256) & 0xff
      last = next === 0 ? last : next
    }
  }
}

function skipOrderCount(bits: BitReader): void {
  const type = bits.unsigned()
  if (type === 0) bits.unsigned()
  if (type !== 1) return
  bits.bit()
  bits.signed()
  bits.signed()
  const cycle = Math.min(bits.unsigned(), CYCLE_LIMIT)
  for (let i = 0; i < cycle; i++) bits.signed()
}

/** Video usability information (§E.1.1), up to the timing. */
function readUsability(bits: BitReader): {
  hasSquarePixels: boolean | undefined
  framesPerSecond: number | undefined
} {
  let hasSquarePixels: boolean | undefined
  if (bits.bit() === 1) {
    const ratio = bits.bits(8)
    const [width, height] = ratio === EXTENDED_RATIO ? [bits.bits(16), bits.bits(16)] : [1, 1]
    if (ratio === EXTENDED_RATIO) hasSquarePixels = width === height
    else if (ratio !== 0) hasSquarePixels = ratio === 1
  }
  if (bits.bit() === 1) bits.bit()
  if (bits.bit() === 1) {
    bits.bits(4)
    if (bits.bit() === 1) bits.bits(24)
  }
  if (bits.bit() === 1) {
    bits.unsigned()
    bits.unsigned()
  }
  const isTimed = bits.bit() === 1
  const [units, scale] = isTimed ? [bits.bits(32), bits.bits(32)] : [0, 0]
  return { hasSquarePixels, framesPerSecond: units > 0 && scale > 0 ? scale / units / 2 : undefined }
}
