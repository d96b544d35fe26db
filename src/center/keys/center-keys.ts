import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { generateIdentity, type Identity, parseIdentity, parseRecipient } from '../../age/x25519-keys.ts'
import { syncFolder } from '../../platform/durable-file.ts'
import { Failure, failureFrom, storageFailure } from '../../platform/failure.ts'
import { keepFolderPrivate } from '../../platform/private-file.ts'
import { newSigningKey, type SigningKey, seedOf, signingKeyFromSeed } from '../../protocol/signing-key.ts'
import { openRegister } from '../register/sqlite/open-register.ts'
import { checkUnusedFolder } from './check-center-folder.ts'
import { addKeyFile, type KeyFile, keyFileNames, readKeyFile } from './key-file.ts'
import { type KeySpan, keyInUse, keyState, notRevoked } from './key-state.ts'
import type { RecoveryKey } from './recovery-key-file.ts'
import { newTlsCertificate, type TlsCertificate, tlsPin } from './tls-certificate.ts'

/** The keys of a center at one moment. */
export interface CenterKeys {
  /** Signs the key list; its fingerprint identifies the center. */
  readonly root: SigningKey
  /** The first signs receipts; agents trust all of them. Revoked ones are left out. */
  readonly receipt: readonly [SigningKey, ...SigningKey[]]
  /** All of them open instances, retired and revoked ones too: old spool files are sealed to them. */
  readonly seal: readonly [Identity, ...Identity[]]
  /** Recipients of the center that agents seal to: the key in use, and those announced. */
  readonly sealTo: readonly string[]
  /** age recipients whose private halves are kept offline. */
  readonly recovery: readonly string[]
  /** The certificate in use, unless the operator has one. */
  readonly tls: TlsCertificate
  /** Announced and retired ones; retired ones are shown to agents that know no other. Revoked ones are left out. */
  readonly otherTls: readonly TlsCertificate[]
  /** Pins of the operator's own certificates, current and future ones. */
  readonly announcedPins: readonly string[]
  /** The minimum version of the next key list. */
  readonly listVersion: number
}

export interface NewCenter {
  /** The root key's fingerprint. */
  readonly center: string
  /** The recovery key's private half, `AGE-SECRET-KEY-1…`: to be printed and locked away. It is not stored here. */
  readonly recoveryIdentity: string
}

/**
 * Creates a center's folder, keys and register. Throws KEY_FILE_INVALID if there are keys already, and
 * DATA_FOLDER_CHANGED if the folder belonged to a center whose keys are gone. `handOut` gets the recovery key before
 * the center's own keys are written: a center whose recovery key was not handed out is not created.
 */
export async function initCenter(
  folder: string,
  publicUrl: string,
  nowMs: number,
  handOut: (key: RecoveryKey) => Promise<void> = async () => {},
): Promise<NewCenter> {
  await checkUnusedFolder(folder)
  keepFolderPrivate(folder)
  const keys = join(folder, 'keys')
  await mkdir(keys, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw storageFailure(error, `making ${keys}`)
  })
  if ((await keyFileNames(folder)).length > 0) {
    throw new Failure('KEY_FILE_INVALID', `making the center's keys: ${keys} has keys already`)
  }
  const root = newSigningKey()
  const recovery = generateIdentity()
  const span: KeySpan = { since: new Date(nowMs).toISOString(), until: null }
  const file: KeyFile = {
    format: 'ferry-center-keys/2',
    listVersion: 1,
    root: seedText(root),
    receipt: [{ key: seedText(newSigningKey()), ...span }],
    seal: [{ key: generateIdentity().identity, ...span }],
    recovery: [{ recipient: recovery.recipient, ...span }],
    tls: [{ ...(await newTlsCertificate(hostOf(publicUrl), nowMs)), ...span }],
    tlsPins: [],
  }
  await handOut(recovery)
  await addKeyFile(folder, file)
  // From now on a missing register counts as lost.
  openRegister(folder).close()
  await syncFolder(folder)
  return { center: root.kid, recoveryIdentity: recovery.identity }
}

/** Returns the keys of the newest key file as they apply at this moment. Throws KEY_FILE_INVALID. */
export async function readCenterKeys(folder: string, nowMs: number): Promise<CenterKeys> {
  return keysAt(await readKeyFile(folder), nowMs)
}

function keysAt(file: KeyFile, nowMs: number): CenterKeys {
  const seal = inOrder(file.seal, nowMs, 'sealing')
  const sealTo = seal.filter((key) => ['inUse', 'announced'].includes(keyState(key, file.seal, nowMs)))
  const [tls, ...otherTls] = map(inOrder(file.tls, nowMs, 'TLS'), ({ key, certificate }) => ({
    key,
    certificate,
  }))
  const revokedSeal = file.seal.filter(({ until }) => until !== null)
  return {
    root: signingKey(file.root),
    receipt: map(inOrder(file.receipt, nowMs, 'receipt'), ({ key }) => signingKey(key)),
    seal: [
      ...map(seal, ({ key }) => parseIdentity(key)),
      ...revokedSeal.map(({ key }) => parseIdentity(key)),
    ],
    sealTo: sealTo.map(({ key }) => parseIdentity(key).recipient.text),
    recovery: notRevoked(file.recovery).map(({ recipient }) => parseRecipient(recipient).text),
    tls,
    otherTls,
    announcedPins: notRevoked(file.tlsPins).map(({ pin }) => pin),
    listVersion: file.listVersion,
  }
}

/** The keys that are not revoked, the one in use first. */
function inOrder<Key extends KeySpan>(keys: readonly Key[], nowMs: number, kind: string): [Key, ...Key[]] {
  const first = keyInUse(keys, nowMs)
  if (first === undefined)
    throw new Failure('KEY_FILE_INVALID', `reading the center's keys: every ${kind} key is revoked`)
  return [first, ...notRevoked(keys).filter((key) => key !== first)]
}

function map<From, To>([first, ...others]: [From, ...From[]], to: (from: From) => To): [To, ...To[]] {
  return [to(first), ...others.map(to)]
}

/** Pins of all TLS keys that the center may show. */
export function tlsPinsOf({ tls, otherTls, announcedPins }: CenterKeys): string[] {
  const own = [tls, ...otherTls].map(({ certificate }) => tlsPin(certificate))
  return Array.from(new Set([...own, ...announcedPins]))
}

export function hostOf(publicUrl: string): string {
  try {
    // A URL puts an IPv6 address in brackets, a certificate does not.
    return new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  } catch (error) {
    throw failureFrom(error, 'CONFIG_INVALID', `reading the center's public URL ${JSON.stringify(publicUrl)}`)
  }
}

export const seedText = (key: SigningKey): string => seedOf(key).toString('base64url')
const signingKey = (text: string): SigningKey => signingKeyFromSeed(Buffer.from(text, 'base64url'))
