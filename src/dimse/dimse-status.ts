/** Statuses of DIMSE responses that Ferry gives or decides by (PS3.4 §B.2.3, PS3.7 Annex C). */
export const DIMSE_STATUS = {
  success: 0x0000,
  processingFailure: 0x0110,
  unrecognizedOperation: 0x0211,
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
  cannotUnderstand: 0xc000,
} as const

/** LO holds 64 characters (PS3.5 §6.2); the command set has no character set, and a backslash would part values. */
export function errorComment(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/g, '?').slice(0, 64)
}
