import { PDU_TYPE } from '../wire/pdu.ts'
import { textWithoutPadding } from '../wire/wire-text.ts'

/** Where the AE titles are in an A-ASSOCIATE-RQ, from its first byte on (PS3.8 §9.3.2). */
const CALLED_AT = 10
const CALLING_AT = 26
const TITLE_LENGTH = 16

export interface RequestTitles {
  readonly calledAeTitle?: string
  readonly callingAeTitle?: string
}

/** The AE titles of an A-ASSOCIATE-RQ of which only the first bytes are known; those that are there in full. */
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
