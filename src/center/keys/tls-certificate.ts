import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { failureFrom } from '../../platform/failure.ts'
import { provideReflectMetadata } from './reflect-metadata.ts'

/** Key and certificate in PEM. */
export interface TlsCertificate {
  readonly key: string
  readonly certificate: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 3600 * 1000

/**
 * Makes a new key with a self-signed certificate for `host`. Agents trust the key, whose digest came with the join
 * code, and ignore the dates: these are wide, so that no clock shuts a clinic out.
 */
export async function newTlsCertificate(host: string, nowMs: number): Promise<TlsCertificate> {
  provideReflectMetadata()
  const x509 = await import('@peculiar/x509')
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      // Positive and not empty (RFC 5280 §4.1.2.2).
      serialNumber: `01${randomBytes(15).toString('hex')}`,
      name: [{ CN: [host] }],
      notBefore: new Date(nowMs - DAY_MS),
      notAfter: new Date(nowMs + 20 * 365 * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.SubjectAlternativeNameExtension([{ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }]),
      ],
    },
    webcrypto,
  )
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { key: pem('PRIVATE KEY', pkcs8), certificate: certificate.toString('pem') }
}

/** SHA-256 of the certificate's SubjectPublicKeyInfo, base64url: the value that agents pin. */
export function tlsPin(certificatePem: string): string {
  try {
    const { publicKey } = new X509Certificate(certificatePem)
    return createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64url')
  } catch (error) {
    throw failureFrom(error, 'KEY_FILE_INVALID', "reading the center's TLS certificate")
  }
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}
