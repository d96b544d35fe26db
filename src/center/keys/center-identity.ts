import { readFile } from 'node:fs/promises'
import { failureFrom } from '../../platform/failure.ts'
import { checkPrivateFile } from '../../platform/private-file.ts'
import type { KeyList } from '../../protocol/key-list.ts'
import { type CenterKeys, readCenterKeys, tlsPinsOf } from './center-keys.ts'
import { type TlsCertificate, tlsPin } from './tls-certificate.ts'

/** The operator's own certificate, in PEM; without one the center makes its own. */
export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** The center's identity: its secrets, and what it shows of them. */
export interface CenterIdentity {
  readonly keys: CenterKeys
  /** The certificate that is shown. */
  readonly tls: TlsCertificate
  readonly tlsPin: string
}

export async function readIdentity(
  folder: string,
  nowMs: number,
  tlsFiles?: CertificateFiles,
): Promise<CenterIdentity> {
  const keys = await readCenterKeys(folder, nowMs)
  const tls = tlsFiles === undefined ? keys.tls : await readTls(tlsFiles)
  return { keys, tls, tlsPin: tlsPin(tls.certificate) }
}

/** The content of the key list for these keys, apart from version and time. */
export function listContent(
  { keys, tlsPin: pin }: CenterIdentity,
  centerName: string,
): Omit<KeyList, 'version' | 'issuedAt'> {
  return {
    format: 'ferry-keys/1',
    center: keys.root.kid,
    centerName,
    seal: [
      ...keys.sealTo.map((recipient) => ({ recipient, role: 'center' as const })),
      ...keys.recovery.map((recipient) => ({ recipient, role: 'recovery' as const })),
    ],
    sign: keys.receipt.map((key) => key.publicKey.toString('base64url')),
    tlsPins: Array.from(new Set([pin, ...tlsPinsOf(keys)])),
  }
}

/** Returns true if the shown key was announced to agents before. */
export function isAnnounced({ keys, tlsPin: pin }: CenterIdentity): boolean {
  return tlsPinsOf(keys).includes(pin)
}

async function readTls({ certificateFile, keyFile }: CertificateFiles): Promise<TlsCertificate> {
  checkPrivateFile(keyFile, "reading the key of the center's TLS certificate")
  return { certificate: await readPem(certificateFile), key: await readPem(keyFile) }
}

function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw failureFrom(error, 'KEY_FILE_INVALID', `reading ${path}`)
  })
}
