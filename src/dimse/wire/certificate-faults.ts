import type { KeyObject, X509Certificate } from 'node:crypto'
import { oneLine } from './certificate-names.ts'

/** The use of a certificate: by a device that calls us, or by one that we call. */
export type CertificateUse = 'client' | 'server'

/** SECLEVEL 2 of the profile (NIST SP 800-57 Part 1, 112 bits). */
const MIN_RSA_BITS = 2048
const MIN_CURVE_BITS = 224
const WEAK_DIGEST = /(md[245]|sha-?1)(?!\d)/i

/** Extended key usage (RFC 5280 §4.2.1.12). */
const USES: ReadonlyMap<string, string> = new Map([
  ['1.3.6.1.5.5.7.3.1', 'servers'],
  ['1.3.6.1.5.5.7.3.2', 'clients'],
  ['1.3.6.1.5.5.7.3.3', 'signing code'],
  ['1.3.6.1.5.5.7.3.4', 'mail'],
  ['1.3.6.1.5.5.7.3.8', 'time stamps'],
  ['1.3.6.1.5.5.7.3.9', 'OCSP'],
])
const ANY_USE = '2.5.29.37.0'
const USE_OID: Readonly<Record<CertificateUse, string>> = {
  client: '1.3.6.1.5.5.7.3.2',
  server: '1.3.6.1.5.5.7.3.1',
}

/** Returns the certificate, its issuers as sent by the peer, and the listed authority above these, if there is one. */
export function chainOf(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
): X509Certificate[] {
  const chain = [certificate]
  for (let above = certificate.issuerCertificate; above !== undefined && chain.length < 10; ) {
    if (chain.some(({ fingerprint256 }) => fingerprint256 === above?.fingerprint256)) break
    chain.push(above)
    above = above.issuerCertificate
  }
  const top = chain.at(-1) ?? certificate
  const authority = authorities.find((one) => top.checkIssued(one))
  const isThere = chain.some(({ fingerprint256 }) => fingerprint256 === authority?.fingerprint256)
  return authority === undefined || isThere ? chain : [...chain, authority]
}

/** Returns the faults of keys and signatures in the chain, in words; a trust anchor's own signature does not count. */
export function weaknessWords([leaf, ...above]: readonly X509Certificate[]): string[] {
  if (leaf === undefined) return []
  return [
    ...faultsOf(leaf, 'its certificate'),
    ...above.flatMap((one, i) =>
      faultsOf(one, `the certificate of its issuer ${oneLine(one.subject)}`, i === above.length - 1),
    ),
  ]
}

function faultsOf(
  { publicKey, signatureAlgorithm }: X509Certificate,
  whose: string,
  isAnchor = false,
): string[] {
  const digest = signatureAlgorithm === undefined || isAnchor ? null : WEAK_DIGEST.exec(signatureAlgorithm)
  return [
    ...(keyFault(publicKey) ?? []).map((fault) => `${whose} ${fault}`),
    ...(digest === null
      ? []
      : [`${whose} is signed with ${digestName(digest[1] ?? '')}, and SHA-256 or better is needed`]),
  ]
}

const digestName = (found: string): string => found.toUpperCase().replace(/^SHA-?1$/, 'SHA-1')

function keyFault(key: KeyObject): [string] | undefined {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {}
  const type = (key.asymmetricKeyType ?? 'unknown').toUpperCase()
  if (modulusLength !== undefined && modulusLength < MIN_RSA_BITS)
    return [`has a ${type} key of ${modulusLength} bits, and ${MIN_RSA_BITS} or more are needed`]
  const bits = Number(/(\d{3})/.exec(namedCurve ?? '')?.[1] ?? MIN_CURVE_BITS)
  if (namedCurve === undefined || bits >= MIN_CURVE_BITS) return undefined
  return [`has a key on the curve ${namedCurve}, and P-256, P-384 or P-521 is needed`]
}

/** Explains why the certificate may not be used for this purpose, in words. */
export function purposeWords(chain: readonly X509Certificate[], use: CertificateUse): string {
  const [leaf, issuer] = chain
  const uses = leaf?.keyUsage ?? []
  if (uses.length > 0 && !uses.includes(USE_OID[use]) && !uses.includes(ANY_USE)) {
    const found = uses.map((oid) => USES.get(oid) ?? oid).join(', ')
    return `its certificate is for ${found} only (extended key usage), and must be for ${use}s too`
  }
  if (issuer !== undefined && !issuer.ca)
    return `its certificate was issued by ${oneLine(issuer.subject)}, whose own certificate is not that of an authority`
  return 'the key usage of its certificate does not allow digital signatures, which TLS needs'
}

/** Returns the first certificate of the chain that is not valid now. */
export function outOfTime(chain: readonly X509Certificate[], nowMs: number): X509Certificate | undefined {
  return chain.find((one) => nowMs < one.validFromDate.getTime() || nowMs > one.validToDate.getTime())
}
