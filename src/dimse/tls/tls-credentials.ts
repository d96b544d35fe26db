import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { describe, Failure, systemCode } from '../../platform/failure.ts'
import { checkPrivateFile } from '../../platform/private-file.ts'
import { outOfTime, weaknessWords } from '../wire/certificate-faults.ts'
import { oneLine } from '../wire/certificate-names.ts'

/** Paths of PEM files. */
export interface TlsFiles {
  /** Our certificate, then those between it and its authority. */
  readonly certificate: string
  readonly key: string
  /** The certificates that we trust: of authorities, or of single devices. */
  readonly ca: string
}

/** Our certificate and key, and the certificates that we trust. */
export interface TlsCredentials {
  readonly certificate: X509Certificate
  /** Certificates that we trust: of authorities, or of single devices. */
  readonly authorities: readonly X509Certificate[]
  /** For both sides: of the profile of PS3.15 §B.12. */
  readonly options: SecureContextOptions
}

/** Throws KEY_FILE_INVALID, which names the file, what was found in it, and what to do. */
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
    // Each certificate of the list is trusted, be it an authority's or that of one device.
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
 * Whether a certificate fails for its purpose alone and is listed itself. Whoever lists the certificate of one device means
 * this device, whatever the certificate was issued for. OpenSSL judges the purpose first and keeps the last fault that it
 * finds, so key, digests and days have been found good; days are compared again, by our clock.
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

/** The certificates of a PEM file, at least one. */
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
  // After the rest, so that the path of a certificate, which all may read, is not mistaken for a key that all can read.
  checkPrivateFile(path, `reading ${what} for TLS`)
  return createPrivateKey(text)
}

function readPem(path: string, what: string, conversion: string): string {
  const bytes = readBytes(path, what)
  // The SEQUENCE with which every DER form begins, PKCS #12 too (X.690 §8.9).
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
