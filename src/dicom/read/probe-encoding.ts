import { hasShortLength, isKnownVr, looksLikeVr, readVr } from '../vocabulary/value-representation.ts'
import {
  type Encoding,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_BIG_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  readLength,
  readTag,
} from './element-header.ts'
import { isPlausible } from './plausible-element.ts'

/** Number of bytes of the first element that show the encoding of a data set. */
export const PROBE_BYTES = 8
const VR_AT = 4
const SHORT_LENGTH_AT = 6
/** The most common first. */
const ENCODINGS = [
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  EXPLICIT_BIG_ENDIAN,
  IMPLICIT_BIG_ENDIAN,
] as const

/**
 * Determines the encoding from the first {@link PROBE_BYTES} bytes of a data set. It serves transfer syntaxes that are
 * private or newer than the PS3.6 used here, whose UID does not show it. The first element does: PS3.6 knows it, with a
 * matching VR and length (odd ones too, which devices write), in only one of the four encodings. If it matches none,
 * two letters of a VR decide, and the byte order is the one that all but one transfer syntax have (PS3.5 §10).
 */
export function probeEncoding(bytes: Buffer): Encoding {
  const found = ENCODINGS.find((encoding) => isFirstElement(bytes, encoding))
  if (found !== undefined) return found
  return looksLikeVr(readVr(bytes, VR_AT)) ? EXPLICIT_LITTLE_ENDIAN : IMPLICIT_LITTLE_ENDIAN
}

function isFirstElement(bytes: Buffer, encoding: Encoding): boolean {
  const tag = readTag(bytes, 0, encoding)
  const isPossible = (vr: string | undefined, length: number): boolean =>
    isPlausible({ tag, vr, length: length - (length % 2) }, 0)
  if (!encoding.explicitVr) return isPossible(undefined, readLength(bytes, VR_AT, encoding))
  const vr = readVr(bytes, VR_AT)
  return isKnownVr(vr) && isPossible(vr, lengthOf(bytes, vr, encoding))
}

/** The long form has two reserved bytes here, and its length only after them (PS3.5 §7.1.2). */
function lengthOf(bytes: Buffer, vr: string, { littleEndian }: Encoding): number {
  if (!hasShortLength(vr)) return 0
  return littleEndian ? bytes.readUInt16LE(SHORT_LENGTH_AT) : bytes.readUInt16BE(SHORT_LENGTH_AT)
}
