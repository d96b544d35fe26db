import { TRANSFER_SYNTAX } from './transfer-syntax.ts'

/**
 * Syntaxes in which a device sends without compressing or decompressing: every one must offer the first (PS3.5 §10.1). Big endian is
 * retired, yet a device that offers nothing else native holds its images so.
 */
const NATIVE: readonly string[] = [
  TRANSFER_SYNTAX.ImplicitVRLittleEndian,
  TRANSFER_SYNTAX.ExplicitVRLittleEndian,
  TRANSFER_SYNTAX.ExplicitVRBigEndian,
]

/**
 * The transfer syntax to accept in a presentation context: the native one that the proposer named first, since that is
 * most likely how it holds the image; otherwise the one that it named first. Undefined only if it offered none. Where some
 * are `preferred` for the device, the first of them that it offered comes before all that.
 */
export function chooseTransferSyntax(
  offered: readonly string[],
  preferred: readonly string[] = [],
): string | undefined {
  const wanted = preferred.find((uid) => offered.includes(uid))
  return wanted ?? offered.find((uid) => NATIVE.includes(uid)) ?? offered[0]
}
