import { readFile } from 'node:fs/promises'
import { failureFrom } from '../platform/failure.ts'
import { type KeyList, type SignedKeyList, signKeyList } from '../protocol/key-list.ts'
import { type CenterKeys, readCenterKeys } from './center-keys.ts'
import type { Register } from './register.ts'
import { type TlsCertificate, tlsPin } from './tls-certificate.ts'

/** A certificate of the operator's own, in PEM; without one the center shows the one that it made for itself. */
export interface TlsFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** Who the center is: its secrets, and what it shows of them. */
export interface CenterIdentity {
  readonly keys: CenterKeys
  readonly tls: TlsCertificate
  readonly tlsPin: string
}

export async function readIdentity(folder: string, tlsFiles?: TlsFiles): Promise<CenterIdentity> {
  const keys = await readCenterKeys(folder)
  const tls = tlsFiles === undefined ? keys.tls : await readTls(tlsFiles)
  return { keys, tls, tlsPin: tlsPin(tls.certificate) }
}

/** The signed key list; where keys, pin or name differ from the last one, it is a new version. */
export async function publishKeyList(
  { keys, tlsPin: pin }: CenterIdentity,
  register: Register,
  centerName: string,
  nowMs: number,
): Promise<SignedKeyList> {
  const content: Omit<KeyList, 'version' | 'issuedAt'> = {
    format: 'ferry-keys/1',
    center: keys.root.kid,
    centerName,
    seal: [
      { recipient: keys.seal[0].recipient.text, role: 'center' },
      { recipient: keys.recovery, role: 'recovery' },
    ],
    sign: keys.receipt.map((key) => key.publicKey.toString('base64url')),
    tlsPins: [pin],
  }
  const sign = (version: number): string =>
    signKeyList({ ...content, version, issuedAt: new Date(nowMs).toISOString() }, keys.root).jws
  return {
    rootKey: keys.root.publicKey.toString('base64url'),
    jws: await register.keyLists.publish(JSON.stringify(content), sign),
  }
}

async function readTls({ certificateFile, keyFile }: TlsFiles): Promise<TlsCertificate> {
  return { certificate: await readPem(certificateFile), key: await readPem(keyFile) }
}

function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw failureFrom(error, 'KEY_FILE_INVALID', `reading ${path}`)
  })
}
