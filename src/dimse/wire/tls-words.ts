import type { X509Certificate } from 'node:crypto'
import { describe, systemCode } from '../../platform/failure.ts'
import { type CertificateUse, chainOf, outOfTime, purposeWords, weaknessWords } from './certificate-faults.ts'
import { oneLine } from './certificate-names.ts'

/** A side that does not trust a certificate need not say so. */
export const BROKEN_OFF = 'it broke off the handshake: it may not believe our certificate'

/** Parts of the codes of Node and OpenSSL, and their meaning for the peer. */
const HANDSHAKE_WORDS: readonly (readonly [RegExp, string])[] = [
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|ALERT_PROTOCOL_VERSION/, 'it knows no TLS newer than 1.1'],
  [/NO_SHARED_CIPHER|ALERT_HANDSHAKE_FAILURE|NO_SUITABLE_CIPHER/, 'it shares no cipher suite of the profile'],
  [
    /WRONG_CURVE|UNSUPPORTED_ELLIPTIC_CURVE|NO_SUITABLE_(GROUPS|KEY_SHARE)|NO_SHARED_GROUP|BAD_ECPOINT/,
    'it uses an elliptic curve that is not of the profile: a key or key exchange must be on P-256, P-384 or P-521 (or X25519)',
  ],
  [
    /NO_SHARED_SIGNATURE|NO_SUITABLE_SIGNATURE|WRONG_SIGNATURE_TYPE|UNKNOWN_DIGEST|LEGACY_SIGALG|SIGNATURE_ALGORITHMS_ERROR/,
    'it signs with no digest of the profile: SHA-256 or better is needed, not SHA-1 or MD5',
  ],
  [/ALERT_UNKNOWN_CA/, 'it does not know the authority that issued our certificate'],
  [/ALERT_CERTIFICATE_REQUIRED|DID_NOT_RETURN_A_CERT/, 'a certificate is required, and none was shown'],
  [/ALERT_CERTIFICATE_EXPIRED/, 'it finds our certificate expired'],
  [/ALERT_(BAD|UNSUPPORTED)_CERTIFICATE|ALERT_CERTIFICATE_(UNKNOWN|REVOKED)/, 'it refuses our certificate'],
  [/ALERT_(INSUFFICIENT_SECURITY|ILLEGAL_PARAMETER)/, 'it does not like our cipher suites'],
  [/WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG/, 'it does not speak TLS here'],
  [/(EE|CA|DH)_KEY_TOO_SMALL/, 'its key is too short: RSA needs 2048 bits or more'],
  [/CA_MD_TOO_WEAK/, 'its certificate has a signature that is too weak: SHA-256 or better is needed'],
  [
    /ALERT_DECRYPT_ERROR|BAD_SIGNATURE|KEY_VALUES_MISMATCH/,
    'its key and its certificate do not belong together',
  ],
  [/ECONNRESET|EPIPE/, BROKEN_OFF],
]

/**
 * Explains why a handshake failed, in words about the peer; for an unknown error it returns the library's sentence
 * without its codes.
 */
export function handshakeWords(error: unknown): string {
  const code = `${systemCode(error) ?? ''} ${describe(error)}`
  const found = HANDSHAKE_WORDS.find(([pattern]) => pattern.test(code.toUpperCase().replaceAll(' ', '_')))
  if (found !== undefined)
    return systemCode(error) === undefined ? found[1] : `${found[1]} (${systemCode(error)})`
  const reason = /error:[0-9a-f]+:[^:]*:[^:]*:([^:]+)/i.exec(describe(error))?.[1]
  return reason === undefined ? describe(error) : `its handshake failed: ${reason}`
}

/** Explains why a connection failed; under TLS 1.3 a server refuses a certificate only after the client's handshake. */
export function brokenWords(error: unknown): string {
  return systemCode(error)?.startsWith('ERR_SSL') === true ? handshakeWords(error) : describe(error)
}

export interface Verification {
  /** Node's code of the failure. Many have no code of their own and are UNSPECIFIED. */
  readonly code: string
  /** Certificates that we trust. */
  readonly authorities: readonly X509Certificate[]
  readonly use: CertificateUse
  readonly nowMs: number
}

/** Explains why a peer's certificate is not trusted: all of its faults, read from the certificate itself. */
export function distrustWords(certificate: X509Certificate | undefined, verification: Verification): string {
  if (certificate === undefined) return 'it shows no certificate, and one is required'
  const { code, authorities, use, nowMs } = verification
  const chain = chainOf(certificate, authorities)
  const about = `${oneLine(certificate.subject)}, issued by ${oneLine(certificate.issuer)}`
  const whole = [...timeWords(chain, code, nowMs), ...weaknessWords(chain)]
  if (code === 'INVALID_PURPOSE') whole.push(purposeWords(chain, use))
  if (UNKNOWN_ISSUER.has(code)) whole.unshift(issuerWords(certificate, about))
  const other = OTHER_CODES[code]
  if (other !== undefined) whole.push(`its certificate (${about}) ${other}`)
  if (whole.length === 0)
    return `its certificate (${about}) is not accepted: it may hold a critical extension that TLS does not know here, or a broken one`
  const isNamed = whole.some((words) => words.includes(oneLine(certificate.subject)))
  return whole.join('; ') + (isNamed ? '' : ` (${about})`)
}

function timeWords(chain: readonly X509Certificate[], code: string, nowMs: number): string[] {
  const late = outOfTime(chain, nowMs) ?? (TIME_CODES.has(code) ? chain[0] : undefined)
  if (late === undefined) return []
  const whose = late === chain[0] ? 'its certificate' : 'the certificate of its issuer'
  const name = oneLine(late.subject)
  return nowMs < late.validFromDate.getTime() || code === 'CERT_NOT_YET_VALID'
    ? [`${whose} (${name}) is valid only from ${late.validFrom} on: is a clock wrong?`]
    : [`${whose} (${name}) expired on ${late.validTo}`]
}

const TIME_CODES: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])

function issuerWords({ subject, issuer }: X509Certificate, about: string): string {
  return subject === issuer
    ? `its certificate (${oneLine(subject)}) is self-signed, is not in the list of authorities, and is vouched for by none of them`
    : `its certificate (${about}) is vouched for by none of the authorities listed here`
}

const UNKNOWN_ISSUER: ReadonlySet<string> = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
])

const OTHER_CODES: Readonly<Record<string, string>> = {
  CERT_SIGNATURE_FAILURE:
    'has a signature that is not of its issuer: the certificate or the listed authority is another one',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'has a signature that cannot be read',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'has an issuer whose key cannot be read',
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 'has a first day that cannot be read',
  ERROR_IN_CERT_NOT_AFTER_FIELD: 'has a last day that cannot be read',
  CERT_CHAIN_TOO_LONG: 'has too many certificates above it',
  INVALID_CA: 'has an issuer whose own certificate is not that of an authority',
  PATH_LENGTH_EXCEEDED: 'has more certificates above it than one of these allows',
  CERT_REVOKED: 'was revoked',
  CERT_REJECTED: 'is marked as not to be believed for this',
}
