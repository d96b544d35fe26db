import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { generateIdentity, type Identity, parseIdentity, parseRecipient } from '../age/x25519-keys.ts'
import { syncFolder, writeDurably } from '../platform/durable-file.ts'
import { Failure, failureFrom, storageFailure } from '../platform/failure.ts'
import { parseJson } from '../protocol/parse-json.ts'
import { newSigningKey, type SigningKey, seedOf, signingKeyFromSeed } from '../protocol/signing-key.ts'
import type { RecoveryKey } from './recovery-key-file.ts'
import { newTlsCertificate, type TlsCertificate } from './tls-certificate.ts'

/** All secrets of a center. Lists begin with the key in use; older ones keep opening, and keep being trusted. */
export interface CenterKeys {
  /** Signs the key list; its fingerprint is what the center is known by. */
  readonly root: SigningKey
  /** Sign receipts. */
  readonly receipt: readonly [SigningKey, ...SigningKey[]]
  /** Open what agents sealed. */
  readonly seal: readonly [Identity, ...Identity[]]
  /** age recipient whose private half is kept offline. */
  readonly recovery: string
  readonly tls: TlsCertificate
}

const seed = z.string().length(43)

const keyFileSchema = z.strictObject({
  format: z.literal('ferry-center-keys/1'),
  root: seed,
  receipt: z.tuple([seed], seed),
  seal: z.tuple([z.string()], z.string()),
  recovery: z.string(),
  tls: z.strictObject({ key: z.string(), certificate: z.string() }),
})
type KeyFile = z.infer<typeof keyFileSchema>

export interface NewCenter {
  /** The root key's fingerprint. */
  readonly center: string
  /** The recovery key's private half, `AGE-SECRET-KEY-1…`: to be printed and locked away. It is kept nowhere here. */
  readonly recoveryIdentity: string
}

/**
 * Makes a center's folder and keys. Throws KEY_FILE_INVALID if there are keys already. `handOut` gets the recovery key
 * before the center's own keys are written: a center whose recovery key reached no one is not made.
 */
export async function initCenter(
  folder: string,
  publicUrl: string,
  nowMs: number,
  handOut: (key: RecoveryKey) => Promise<void> = async () => {},
): Promise<NewCenter> {
  const keys = join(folder, 'keys')
  await mkdir(keys, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw storageFailure(error, `making ${keys}`)
  })
  if ((await keyFiles(folder)).length > 0) {
    throw new Failure('KEY_FILE_INVALID', `making the center's keys: ${keys} has keys already`)
  }
  const root = newSigningKey()
  const recovery = generateIdentity()
  const file: KeyFile = {
    format: 'ferry-center-keys/1',
    root: seedText(root),
    receipt: [seedText(newSigningKey())],
    seal: [generateIdentity().identity],
    recovery: recovery.recipient,
    tls: await newTlsCertificate(hostOf(publicUrl), nowMs),
  }
  await handOut(recovery)
  await writeDurably(join(keys, '0001.json'), `${JSON.stringify(file, undefined, 2)}\n`)
  await syncFolder(folder)
  return { center: root.kid, recoveryIdentity: recovery.identity }
}

/**
 * Reads the newest key file, keys/NNNN.json: new keys are a new file, never a change to an old one. Throws
 * KEY_FILE_INVALID, also where others than the owner may read it.
 */
export async function readCenterKeys(folder: string): Promise<CenterKeys> {
  const newest = (await keyFiles(folder)).at(-1)
  if (newest === undefined) {
    throw new Failure(
      'KEY_FILE_INVALID',
      `reading the center's keys: there are none in ${folder}: run 'ferry-center init' first`,
    )
  }
  const path = join(folder, 'keys', newest)
  await checkMode(path)
  const attempted = `reading ${path}`
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw failureFrom(error, 'KEY_FILE_INVALID', attempted)
  })
  return keysOf(parseJson(text, keyFileSchema, 'KEY_FILE_INVALID', attempted))
}

function keysOf(file: KeyFile): CenterKeys {
  const [receipt, ...oldReceipt] = file.receipt
  const [seal, ...oldSeal] = file.seal
  return {
    root: signingKey(file.root),
    receipt: [signingKey(receipt), ...oldReceipt.map(signingKey)],
    seal: [parseIdentity(seal), ...oldSeal.map(parseIdentity)],
    recovery: parseRecipient(file.recovery).text,
    tls: file.tls,
  }
}

async function keyFiles(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'keys')).catch(() => [])
  return names.filter((name) => /^[0-9]{4}\.json$/.test(name)).toSorted()
}

async function checkMode(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw new Failure(
      'KEY_FILE_INVALID',
      `reading ${path}: others may read it too: make it yours alone (mode 0600)`,
    )
  }
}

function hostOf(publicUrl: string): string {
  try {
    // An IPv6 address stands in brackets in a URL, and without them in a certificate.
    return new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')
  } catch (error) {
    throw failureFrom(error, 'CONFIG_INVALID', `reading the center's public URL ${JSON.stringify(publicUrl)}`)
  }
}

const seedText = (key: SigningKey): string => seedOf(key).toString('base64url')
const signingKey = (text: string): SigningKey => signingKeyFromSeed(Buffer.from(text, 'base64url'))
