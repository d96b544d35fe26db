/**
 * Status codes of a C-STORE response (PS3.4 Table B.2-1, PS3.7 Annex C and §9.1.1.1.9). A700, A900 and C000 begin ranges:
 * A7xx, A9xx, Cxxx.
 */
export const STORAGE_STATUS = {
  Success: 0x0000,
  ProcessingFailure: 0x0110,
  DuplicateSopInstance: 0x0111,
  InvalidObjectInstance: 0x0117,
  SopClassNotSupported: 0x0122,
  NotAuthorized: 0x0124,
  DuplicateInvocation: 0x0210,
  UnrecognizedOperation: 0x0211,
  MistypedArgument: 0x0212,
  ResourceLimitation: 0x0213,
  OutOfResources: 0xa700,
  DataSetDoesNotMatchSopClass: 0xa900,
  CoercionOfDataElements: 0xb000,
  ElementsDiscarded: 0xb006,
  DataSetDoesNotMatchSopClassWarning: 0xb007,
  CannotUnderstand: 0xc000,
} as const

/** True if the peer has stored the instance: success, or a warning, which means stored with a remark (PS3.4 §B.2.3). */
export function isStored(status: number): boolean {
  return status === STORAGE_STATUS.Success || (status & 0xf000) === 0xb000
}
