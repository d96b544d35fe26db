const IDENTIFIER = 'Exif\0\0'
const ORIENTATION = 0x0112
const ENTRY_BYTES = 12
const LITTLE = 'II'
const BIG = 'MM'

/**
 * Returns the Orientation of an APP1 segment's payload (Exif 2.32 §4.6.4): 1 for upright, 2 to 8 for what must be turned
 * or mirrored. Undefined if it does not say.
 */
export function exifOrientation(payload: Buffer): number | undefined {
  if (payload.toString('latin1', 0, IDENTIFIER.length) !== IDENTIFIER) return undefined
  const tiff = payload.subarray(IDENTIFIER.length)
  const order = tiff.toString('latin1', 0, 2)
  if (tiff.length < 8 || (order !== LITTLE && order !== BIG)) return undefined
  const short = (at: number): number =>
    at + 2 > tiff.length ? 0 : order === LITTLE ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at)
  const directory = order === LITTLE ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  const count = short(directory)
  for (let at = directory + 2; at < directory + 2 + count * ENTRY_BYTES; at += ENTRY_BYTES) {
    if (at + ENTRY_BYTES > tiff.length) return undefined
    if (short(at) !== ORIENTATION) continue
    const value = short(at + 8)
    return value >= 1 && value <= 8 ? value : undefined
  }
  return undefined
}
