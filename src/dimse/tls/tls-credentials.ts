import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { describe, Failure, systemCode } from '../../platform/failure.ts'
import { checkPrivateFile } from '../../platform/private-file.ts'
import { outOfTime, weaknessWords } from '../wire/certificate-faults.ts'
import { oneLine } from '../wire/certificate-names.ts'

/** Paths of PEM files. */
export interface TlsFiles {
  /** Our certificate, then the intermediate certificates up to its authority. */
  readonly certificate: string
  readonly key: string
  /** Trusted certificates: of authorities, or of single devices. */
  readonly ca: string
}

/** Our certificate and key, and the trusted certificates. */
export interface TlsCredentials {
  readonly certificate: X509Certificate
  /** Trusted certificates: of authorities, or of single devices. */
  readonly authorities: readonly X509Certificate[]
  /** Options for both sides, with the profile of PS3.15 §B.12. */
  readonly options: SecureContextOptions
}

/**
 * Reads our certificate, key and trusted certificates. Throws KEY_FILE_INVALID, which names the file, its fault and the
 * cure.
 */
export function readTlsCredentials(files: TlsFiles): TlsCredentials {
  const chain = readCertificates(files.certificate, 'the certificate')
  const [certificate] = chain
  if (certificate === undefined) throw unfit('the certificate', files.certificate, 'holds none')
  const key = readKey(files.key)
  if (!certificate.checkPrivateKey(key)) throw foreignKey(files, certificate, chain)
  const authorities = readCertificates(files.ca, 'the list of authorities')
  const options = {
    ...TLS_PROFILE,
    key: key.export({ type: 'pkcs8', format: 'pem' }),
    cert: chain.map(String).join('\n'),
    ca: authorities.map(String),
    // Each certificate of the list is trusted, whether it belongs to an authority or to one device.
    allowPartialTrustChain: true,
  }
  try {
    createSecureContext(options)
  } catch (error) {
    throw unfit('the certificate', files.certificate, `does not fit the TLS profile: ${describe(error)}`)
  }
  return { certificate, authorities, options }
}

/**
 * Returns true if a certificate fails only because of its purpose and is listed itself. Listing the certificate of one
 * device means trust in this device, for any purpose of the certificate. OpenSSL judges the purpose first and keeps the
 * last fault that it finds, so key, digests and days have been found good; days are compared again, by our clock.
 */
export function isPinnedForOther(
  certificate: X509Certificate | undefined,
  code: string,
  { authorities }: TlsCredentials,
  nowMs: number,
): boolean {
  return (
    certificate !== undefined &&
    code === 'INVALID_PURPOSE' &&
    authorities.some(({ fingerprint256 }) => fingerprint256 === certificate.fingerprint256) &&
    outOfTime([certificate], nowMs) === undefined &&
    weaknessWords([certificate]).length === 0
  )
}

/** Reads the certificates of a PEM file, at least one. */
function readCertificates(path: string, what: string): X509Certificate[] {
  const text = readPem(path, what, `openssl x509 -inform der -in ${path} -out certificate.pem`)
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (blocks === null) {
    const found = text.includes('PRIVATE KEY') ? 'holds a private key' : 'holds no certificate'
    throw unfit(what, path, `${found}; expected are lines after -----BEGIN CERTIFICATE-----`)
  }
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (error) {
    throw unfit(what, path, `is damaged: ${describe(error)}`)
  }
}

function readKey(path: string): KeyObject {
  const what = 'the key'
  const text = readPem(path, what, `openssl pkey -inform der -in ${path} -out key.pem`)
  if (/ENCRYPTED/.test(text)) {
    throw unfit(what, path, `needs a password; take it off with: openssl pkey -in ${path} -out key.pem`)
  }
  if (!text.includes('PRIVATE KEY-----')) {
    const found = text.includes('BEGIN CERTIFICATE') ? 'holds a certificate' : 'holds no private key'
    throw unfit(what, path, `${found}; expected are lines after -----BEGIN PRIVATE KEY-----`)
  }
  try {
    createPrivateKey(text)
  } catch (error) {
    throw unfit(what, path, `is damaged: ${describe(error)}`)
  }
  // Checked last, so that a wrongly configured certificate, which all may read, is not reported as a key that all can
  // read.
  checkPrivateFile(path, `reading ${what} for TLS`)
  return createPrivateKey(text)
}

function readPem(path: string, what: string, conversion: string): string {
  const bytes = readBytes(path, what)
  // Every DER form begins with a SEQUENCE, PKCS #12 too (X.690 §8.9).
  if (bytes[0] === 0x30) {
    const bundle = `openssl pkcs12 -nodes -in ${path} -out all.pem`
    throw unfit(what, path, `is binary; turn it into PEM with: ${conversion} (a .p12 or .pfx: ${bundle})`)
  }
  return bytes.toString('latin1')
}

function readBytes(path: string, what: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const found = systemCode(error) === 'ENOENT' ? 'is not there' : `cannot be read: ${describe(error)}`
    throw unfit(what, path, `${found}; put it there or correct the path`)
  }
}

function foreignKey(
  files: TlsFiles,
  { subject }: X509Certificate,
  chain: readonly X509Certificate[],
): Failure {
  const place = chain.length > 1 ? ' (the first one in the file must be our own)' : ''
  return unfit('the key', files.key, `does not belong to the certificate of ${oneLine(subject)}${place}`)
}

function unfit(what: string, path: string, found: string): Failure {
  return new Failure('KEY_FILE_INVALID', `reading ${what} for TLS: ${path} ${found}`)
}

/** TLS 1.3 where the peer knows it; for TLS 1.2 those of RFC 9325 §4.2. SECLEVEL 2: no RSA key of less than 2048 bits. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  '@SECLEVEL=2',
].join(':')

/** The BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (PS3.15 §B.12). */
const TLS_PROFILE = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  ciphers: CIPHERS,
} as const satisfies SecureContextOptions
