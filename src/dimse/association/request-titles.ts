import { PDU_TYPE } from '../wire/pdu.ts'
import { textWithoutPadding } from '../wire/wire-text.ts'

/** Positions of the AE titles in an A-ASSOCIATE-RQ, from its first byte (PS3.8 §9.3.2). */
const CALLED_AT = 10
const CALLING_AT = 26
const TITLE_LENGTH = 16

export interface RequestTitles {
  readonly calledAeTitle?: string
  readonly callingAeTitle?: string
}

/** Reads the AE titles of an A-ASSOCIATE-RQ from its first bytes; returns those that are complete. */
export function requestTitles(firstBytes: Buffer): RequestTitles {
  if (firstBytes[0] !== PDU_TYPE.associateRequest) return {}
  const [called, calling] = [titleAt(firstBytes, CALLED_AT), titleAt(firstBytes, CALLING_AT)]
  return {
    ...(called === undefined ? {} : { calledAeTitle: called }),
    ...(calling === undefined ? {} : { callingAeTitle: calling }),
  }
}

function titleAt(bytes: Buffer, at: number): string | undefined {
  const end = at + TITLE_LENGTH
  return bytes.length < end ? undefined : textWithoutPadding(bytes.subarray(at, end))
}
