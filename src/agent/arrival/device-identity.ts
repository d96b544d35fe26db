import type { TlsPeer, TlsPeerCertificate } from '../../dimse/association/tls-peer.ts'
import { oneLine } from '../../dimse/wire/certificate-names.ts'

/** The demands of a device entry on its connection. */
export interface IdentityDemand {
  /** `required`: the device is turned away at the port without TLS. */
  readonly tls?: 'optional' | 'required' | undefined
  /** The certificate that the device must show: a name in it, or its SHA-256 in hex. Implies TLS. */
  readonly certificate?: string | undefined
}

/** How a connection falls short of the demand. */
export interface IdentityProblem {
  readonly kind: 'plain' | 'certificate'
  /** The certificate that was shown. */
  readonly detail: string
  readonly reason: string
}

/**
 * Returns undefined if the connection satisfies the entry. An AE title and an address prove nothing; a certificate
 * does.
 */
export function identityProblem(
  { tls, certificate: wanted }: IdentityDemand,
  peer: TlsPeer | undefined,
): IdentityProblem | undefined {
  if (tls !== 'required' && wanted === undefined) return undefined
  if (peer === undefined)
    return { kind: 'plain', detail: '', reason: 'it must use TLS, and called the port without TLS' }
  if (wanted === undefined || (peer.certificate !== undefined && isCertificate(peer.certificate, wanted)))
    return undefined
  const detail = shown(peer.certificate)
  return {
    kind: 'certificate',
    detail,
    reason: `it must show the certificate ${wanted}, and showed ${detail}`,
  }
}

const SHA256_HEX = /^[0-9a-f]{64}$/

function isCertificate({ sha256, names }: TlsPeerCertificate, wanted: string): boolean {
  const [lower, digits] = [wanted.toLowerCase(), hexOf(wanted)]
  if (SHA256_HEX.test(digits)) return hexOf(sha256) === digits
  return names.some((name) => name.toLowerCase() === lower)
}

const hexOf = (text: string): string => text.replaceAll(':', '').toLowerCase()

function shown(certificate: TlsPeerCertificate | undefined): string {
  return certificate === undefined
    ? 'none'
    : `${oneLine(certificate.subject)} (SHA-256 ${certificate.sha256})`
}
