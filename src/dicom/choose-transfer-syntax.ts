import { TRANSFER_SYNTAX } from './transfer-syntax.ts'

/**
 * First what a device sends without converting: every one must offer Implicit VR Little Endian (PS3.5 §10.1), and Explicit
 * VR keeps the VRs of private elements, so it comes before. Big endian is retired, yet a device that offers nothing
 * else native holds its images so.
 */
const PREFERENCE: readonly string[] = [
  TRANSFER_SYNTAX.ExplicitVRLittleEndian,
  TRANSFER_SYNTAX.ImplicitVRLittleEndian,
  TRANSFER_SYNTAX.ExplicitVRBigEndian,
]

/**
 * The transfer syntax to accept in a presentation context: by the table above, otherwise the one that the proposer
 * named first. Undefined only if it offered none.
 */
export function chooseTransferSyntax(offered: readonly string[]): string | undefined {
  return PREFERENCE.find((uid) => offered.includes(uid)) ?? offered[0]
}
