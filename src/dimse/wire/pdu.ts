import { Failure, type FailureCode } from '../../platform/failure.ts'

/** PS3.8 §9.3 */
export const PDU_TYPE = {
  associateRequest: 0x01,
  associateAccept: 0x02,
  associateReject: 0x03,
  data: 0x04,
  releaseRequest: 0x05,
  releaseResponse: 0x06,
  abort: 0x07,
} as const

export const PDU_HEADER_LENGTH = 6

/** PDV length, presentation context ID, message control header (PS3.8 §9.3.5.1, §E.2). */
export const PDV_HEADER_LENGTH = 6

/** Bits of the message control header (PS3.8 §E.2). */
export const PDV_COMMAND = 0x01
export const PDV_LAST = 0x02

/** Source and reason of an A-ABORT (PS3.8 §9.3.8). */
export interface AbortOrigin {
  readonly source: number
  readonly reason: number
}

export const ABORT_BY_USER: AbortOrigin = { source: 0, reason: 0 }

/** Reasons of the service provider for an abort (PS3.8 §9.3.8). */
export const ABORT_BY_PROVIDER = {
  reasonNotSpecified: { source: 2, reason: 0 },
  unrecognizedPdu: { source: 2, reason: 1 },
  unexpectedPdu: { source: 2, reason: 2 },
  invalidPduParameter: { source: 2, reason: 6 },
} as const satisfies Record<string, AbortOrigin>

/** We abort an association; `abort` is the reason sent to the peer. Outside this folder it is a plain Failure. */
export class BrokenOff extends Failure {
  readonly abort: AbortOrigin

  constructor(code: FailureCode, abort: AbortOrigin, message: string) {
    super(code, message)
    this.abort = abort
  }
}

/** A peer has broken the protocol. */
export function violation(abort: AbortOrigin, message: string): BrokenOff {
  return new BrokenOff('PROTOCOL_VIOLATION', abort, message)
}

/** A peer has kept us waiting. */
export function timedOut(waitedFor: string): BrokenOff {
  const message = `waiting for ${waitedFor} took too long`
  return new BrokenOff('ASSOCIATION_ABORTED', ABORT_BY_PROVIDER.reasonNotSpecified, message)
}

/** A whole PDU. */
export function encodePdu(type: number, body: Uint8Array): Buffer {
  const pdu = Buffer.alloc(PDU_HEADER_LENGTH + body.length)
  pdu[0] = type
  pdu.writeUInt32BE(body.length, 2)
  pdu.set(body, PDU_HEADER_LENGTH)
  return pdu
}

export function encodeAbort({ source, reason }: AbortOrigin): Buffer {
  return encodePdu(PDU_TYPE.abort, Uint8Array.of(0, 0, source, reason))
}

/** Encodes a P-DATA-TF up to the value of its one PDV, so that a long value needs no copy. */
export function encodeDataHeader(contextId: number, control: number, valueLength: number): Buffer {
  const header = Buffer.allocUnsafe(PDU_HEADER_LENGTH + PDV_HEADER_LENGTH)
  header[0] = PDU_TYPE.data
  header[1] = 0
  header.writeUInt32BE(PDV_HEADER_LENGTH + valueLength, 2)
  header.writeUInt32BE(2 + valueLength, 6)
  header[10] = contextId
  header[11] = control
  return header
}

/** A command set as one P-DATA-TF with one PDV. */
export function encodeCommand(contextId: number, commandSet: Buffer): Buffer {
  return Buffer.concat([encodeDataHeader(contextId, PDV_COMMAND | PDV_LAST, commandSet.length), commandSet])
}
