import { randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import type * as X509 from '@peculiar/x509'
import { provideReflectMetadata } from '../../../src/center/keys/reflect-metadata.ts'
import {
  readTlsCredentials,
  type TlsCredentials,
  type TlsFiles,
} from '../../../src/dimse/tls/tls-credentials.ts'
import { tempFolder } from '../temp-folder.ts'

const ELLIPTIC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const DAY_MS = 24 * 3600 * 1000

export interface CertificateOptions {
  /** DNS name or IP address that it is for. */
  readonly host?: string
  readonly notBefore?: Date
  readonly notAfter?: Date
  /** An RSA key of this many bits instead of one on P-256. */
  readonly rsaBits?: number
  /** The digest of its signature. */
  readonly hash?: 'SHA-1' | 'SHA-256'
  /** Extended key usage: OIDs. */
  readonly uses?: readonly string[]
}

/** Key, certificate and trusted certificates as they are, without a look at whether they fit the profile. */
export function uncheckedCredentials(files: TlsFiles): TlsCredentials {
  const [cert, key, ca] = [files.certificate, files.key, files.ca].map((path) => readFileSync(path, 'utf8'))
  const certificate = new X509Certificate(cert ?? '')
  const options = { cert, key, ca, ciphers: 'DEFAULT:@SECLEVEL=0', minVersion: 'TLSv1.2' } as const
  return { certificate, authorities: [new X509Certificate(ca ?? '')], options }
}

/** A certificate authority of a test and what it issues, as PEM files in a folder of its own. */
export class InventedAuthority implements Disposable {
  readonly #x509: typeof X509
  readonly #folder = tempFolder()
  readonly #keys: webcrypto.CryptoKeyPair
  readonly #certificate: X509.X509Certificate
  readonly #algorithm: typeof ELLIPTIC

  private constructor(
    x509: typeof X509,
    keys: webcrypto.CryptoKeyPair,
    certificate: X509.X509Certificate,
    algorithm: typeof ELLIPTIC,
  ) {
    this.#x509 = x509
    this.#algorithm = algorithm
    this.#keys = keys
    this.#certificate = certificate
    writeFileSync(this.path, certificate.toString('pem'))
  }

  /** With an RSA key of this many bits, or one on P-256. */
  static async create(name = 'Test authority', rsaBits?: number): Promise<InventedAuthority> {
    provideReflectMetadata()
    const x509 = await import('@peculiar/x509')
    x509.cryptoProvider.set(webcrypto)
    const keys = await newKeys(rsaBits)
    const algorithm = rsaBits === undefined ? ELLIPTIC : { ...ELLIPTIC, name: 'RSASSA-PKCS1-v1_5' }
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name: [{ CN: [name] }],
      ...validity({}),
      signingAlgorithm: algorithm,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
    })
    return new InventedAuthority(x509, keys, certificate, algorithm)
  }

  /** Where its own certificate lies. */
  get path(): string {
    return this.#folder.join('ca.pem')
  }

  get pem(): string {
    return this.#certificate.toString('pem')
  }

  async keyPem(): Promise<string> {
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', this.#keys.privateKey))
    return this.#x509.PemConverter.encode(der, 'PRIVATE KEY')
  }

  /** Issues a certificate; the files are those of its holder, who believes this authority. */
  async issue(name: string, options: CertificateOptions = {}): Promise<TlsFiles> {
    const x509 = this.#x509
    const keys = await newKeys(options.rsaBits)
    const host = options.host ?? '127.0.0.1'
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [{ CN: [name] }],
      issuer: this.#certificate.subjectName,
      ...validity(options),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: { ...this.#algorithm, hash: options.hash ?? 'SHA-256' },
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        ...(options.uses === undefined ? [] : [new x509.ExtendedKeyUsageExtension([...options.uses])]),
        new x509.SubjectAlternativeNameExtension([
          { type: /^[\d.]+$/.test(host) ? 'ip' : 'dns', value: host },
        ]),
      ],
    })
    const file = name.replaceAll(/[^\w.-]/g, '_')
    const files = {
      certificate: this.#folder.join(`${file}.crt`),
      key: this.#folder.join(`${file}.key`),
      ca: this.path,
    }
    writeFileSync(files.certificate, certificate.toString('pem'))
    const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
    writeFileSync(files.key, this.#x509.PemConverter.encode(der, 'PRIVATE KEY'), { mode: 0o600 })
    return files
  }

  /** Issued, read and checked. */
  async credentials(name: string, options?: CertificateOptions): Promise<TlsCredentials> {
    return readTlsCredentials(await this.issue(name, options))
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]()
  }
}

async function newKeys(rsaBits?: number): Promise<webcrypto.CryptoKeyPair> {
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: rsaBits ?? 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  }
  const algorithm = rsaBits === undefined ? ELLIPTIC : rsa
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

function validity({ notBefore, notAfter }: CertificateOptions): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: notBefore ?? new Date(Date.now() - DAY_MS),
    notAfter: notAfter ?? new Date(Date.now() + 365 * DAY_MS),
  }
}

/** Positive and not empty (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`
}
