import { TRANSFER_SYNTAX } from './transfer-syntax.ts'

/**
 * Syntaxes in which a device sends without compressing or decompressing: every device must offer the first (PS3.5
 * §10.1). Big endian is retired, but a device that offers no other native syntax stores its images in it.
 */
const NATIVE: readonly string[] = [
  TRANSFER_SYNTAX.ImplicitVRLittleEndian,
  TRANSFER_SYNTAX.ExplicitVRLittleEndian,
  TRANSFER_SYNTAX.ExplicitVRBigEndian,
]

/**
 * Returns the transfer syntax to accept in a presentation context: the native one that the proposer named first, since
 * it most likely stores the image in it; otherwise the first proposed one. Undefined only if it proposed none. If some
 * are `preferred` for the device, the first proposed one of them takes precedence.
 */
export function chooseTransferSyntax(
  offered: readonly string[],
  preferred: readonly string[] = [],
): string | undefined {
  const wanted = preferred.find((uid) => offered.includes(uid))
  return wanted ?? offered.find((uid) => NATIVE.includes(uid)) ?? offered[0]
}
