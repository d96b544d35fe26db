import type { X509Certificate } from 'node:crypto'
import { describe, systemCode } from '../platform/failure.ts'
import { oneLine } from './distinguished-name.ts'

/** A side that does not believe a certificate need not say so. */
export const BROKEN_OFF = 'it broke off the handshake: it may not believe our certificate'

/** Parts of the codes that Node and OpenSSL give, and what each says about the peer. */
const HANDSHAKE_WORDS: readonly (readonly [RegExp, string])[] = [
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|ALERT_PROTOCOL_VERSION/, 'it knows no TLS newer than 1.1'],
  [/NO_SHARED_CIPHER|ALERT_HANDSHAKE_FAILURE|NO_SUITABLE/, 'it shares no cipher suite of the profile'],
  [/ALERT_UNKNOWN_CA/, 'it does not know the authority that issued our certificate'],
  [/ALERT_CERTIFICATE_REQUIRED|DID_NOT_RETURN_A_CERT/, 'a certificate is required, and none was shown'],
  [/ALERT_CERTIFICATE_EXPIRED/, 'it finds our certificate expired'],
  [/ALERT_(BAD|UNSUPPORTED)_CERTIFICATE|ALERT_CERTIFICATE_(UNKNOWN|REVOKED)/, 'it refuses our certificate'],
  [/ALERT_(INSUFFICIENT_SECURITY|ILLEGAL_PARAMETER)/, 'it does not like our cipher suites'],
  [/WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/, 'it does not speak TLS here'],
  [/EE_KEY_TOO_SMALL|DH_KEY_TOO_SMALL/, 'its key is too short'],
  [/CA_MD_TOO_WEAK/, 'its certificate has a signature that is too weak'],
  [/ECONNRESET|EPIPE/, BROKEN_OFF],
]

/** Why a handshake failed, in words about the peer; what is not known is given as it is. */
export function handshakeWords(error: unknown): string {
  const code = `${systemCode(error) ?? ''} ${describe(error)}`
  const found = HANDSHAKE_WORDS.find(([pattern]) => pattern.test(code.toUpperCase()))
  return found === undefined ? describe(error) : `${found[1]} (${systemCode(error) ?? describe(error)})`
}

/** Why a connection broke; under TLS 1.3 a server refuses a certificate only after the client's handshake. */
export function brokenWords(error: unknown): string {
  return systemCode(error)?.startsWith('ERR_SSL') === true ? handshakeWords(error) : describe(error)
}

/** Why a peer's certificate is not believed, in words. `code` is Node's, of a verification that has failed. */
export function distrustWords(code: string, certificate: X509Certificate | undefined): string {
  if (certificate === undefined) return 'it shows no certificate, and one is required'
  const name = oneLine(certificate.subject)
  if (code === 'CERT_HAS_EXPIRED') return `its certificate (${name}) expired on ${certificate.validTo}`
  if (code === 'CERT_NOT_YET_VALID') {
    return `its certificate (${name}) is valid only from ${certificate.validFrom} on: is a clock wrong?`
  }
  const issuer = oneLine(certificate.issuer)
  if (UNKNOWN_ISSUER.has(code)) {
    return `its certificate (${name}, issued by ${issuer}) is vouched for by none of the authorities listed here`
  }
  return `its certificate (${name}, issued by ${issuer}) is not accepted: ${code}`
}

const UNKNOWN_ISSUER: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
])
