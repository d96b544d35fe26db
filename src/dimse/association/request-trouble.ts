import type { Failure } from '../../platform/failure.ts'
import { PDU_TYPE } from '../wire/pdu.ts'
import type { CallerTrouble } from './caller-trouble.ts'

/** The methods of HTTP, and the first word of its second version (RFC 9110 §9.3, RFC 9113 §3.4). */
const HTTP = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PRI) /

const PDU_NAMES: ReadonlyMap<number, string> = new Map([
  [PDU_TYPE.associateAccept, 'A-ASSOCIATE-AC'],
  [PDU_TYPE.associateReject, 'A-ASSOCIATE-RJ'],
  [PDU_TYPE.data, 'P-DATA-TF'],
  [PDU_TYPE.releaseRequest, 'A-RELEASE-RQ'],
  [PDU_TYPE.releaseResponse, 'A-RELEASE-RP'],
  [PDU_TYPE.abort, 'A-ABORT'],
])

const INSTEAD = 'instead of a request for an association (A-ASSOCIATE-RQ)'

/**
 * Explains why no association request arrived, from the first bytes received and the failure that ended the connection.
 */
export function requestTrouble(firstBytes: Buffer, failure: Failure): Pick<CallerTrouble, 'kind' | 'words'> {
  const [type] = firstBytes
  if (type === undefined)
    return { kind: 'silent', words: `it connected and sent nothing: ${failure.message}` }
  if (type === PDU_TYPE.associateRequest) return { kind: 'request', words: brokenRequest(failure) }
  const name = PDU_NAMES.get(type)
  if (name !== undefined) return { kind: 'request', words: `it sent ${name} ${INSTEAD}` }
  return { kind: 'foreign', words: `it sent ${foreign(firstBytes)} ${INSTEAD}` }
}

function brokenRequest({ code, message }: Failure): string {
  return code === 'PROTOCOL_VIOLATION'
    ? `its request for an association breaks the DICOM standard (PS3.8 §9.3.2): ${message}`
    : `its request for an association did not arrive whole: ${message}`
}

function foreign(firstBytes: Buffer): string {
  if (HTTP.test(firstBytes.toString('latin1'))) return 'an HTTP request'
  const shown = firstBytes
    .subarray(0, 8)
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
  return `bytes that are not DICOM (${shown})`
}
