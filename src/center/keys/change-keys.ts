import { generateIdentity, parseIdentity } from '../../age/x25519-keys.ts'
import { Failure } from '../../platform/failure.ts'
import { HIGHEST_LIST_VERSION } from '../../protocol/key-list.ts'
import { newSigningKey, signingKeyFromSeed } from '../../protocol/signing-key.ts'
import { hostOf, seedText } from './center-keys.ts'
import { addKeyFile, type KeyFile, readKeyFile } from './key-file.ts'
import { type KeySpan, type KeyState, keyInUse, keyState } from './key-state.ts'
import { listVersionAt } from './list-version.ts'
import type { RecoveryKey } from './recovery-key-file.ts'
import { newTlsCertificate, tlsPin } from './tls-certificate.ts'

/** Kinds of keys that can be replaced. */
export const ROTATED = ['receipt', 'seal', 'tls'] as const
export type RotatedKind = (typeof ROTATED)[number]

/** One key for display. `id`: a receipt key's fingerprint, an age recipient, or a TLS pin. */
export interface KeyView {
  readonly kind: RotatedKind | 'recovery' | 'tlsPin'
  readonly id: string
  readonly state: KeyState
  readonly since: string
  readonly until: string | null
}

/** The folder of a center's keys, and the time of the change. */
export interface KeyChange {
  readonly folder: string
  readonly nowMs: number
}

/** Returns every key of the center, revoked ones too, in the order of creation. */
export async function listKeys({ folder, nowMs }: KeyChange): Promise<KeyView[]> {
  return viewsOf(await readKeyFile(folder), nowMs)
}

/**
 * Adds a new key that is announced in the key list at once and used from `sinceMs` on. The old one stays in the list
 * until it is revoked: agents trust it, and it opens what was sealed to it.
 */
export async function rotateKey(
  change: KeyChange,
  kind: RotatedKind,
  sinceMs: number,
  publicUrl: string,
): Promise<KeyView> {
  const span: KeySpan = { since: new Date(sinceMs).toISOString(), until: null }
  const file = await readKeyFile(change.folder)
  const made = await withNewKey(file, kind, span, change.nowMs, publicUrl)
  await store(change, made)
  return lastOf(viewsOf(made, change.nowMs), kind)
}

/** Adds a recovery key, after `handOut` has put its private half in a safe place. */
export async function addRecoveryKey(
  change: KeyChange,
  handOut: (key: RecoveryKey) => Promise<void>,
): Promise<KeyView> {
  const file = await readKeyFile(change.folder)
  const key = generateIdentity()
  await handOut(key)
  const span = { since: new Date(change.nowMs).toISOString(), until: null }
  const made = { ...file, recovery: [...file.recovery, { recipient: key.recipient, ...span }] }
  await store(change, made)
  return lastOf(viewsOf(made, change.nowMs), 'recovery')
}

/** Announces the pin of the operator's own certificate, which may be shown from `sinceMs` on. */
export async function announceCertificate(
  change: KeyChange,
  certificate: string,
  sinceMs: number,
): Promise<KeyView> {
  const file = await readKeyFile(change.folder)
  const pin = tlsPin(certificate)
  const others = file.tlsPins.filter((known) => known.pin !== pin)
  const made = { ...file, tlsPins: [...others, { pin, since: new Date(sinceMs).toISOString(), until: null }] }
  await store(change, made)
  return lastOf(viewsOf(made, change.nowMs), 'tlsPin')
}

/**
 * Removes a key from the key list: agents no longer accept receipts signed by it, seal to it, or connect to it. `id` is
 * the beginning of its id. Throws USAGE unless it identifies one key, or if the key is in use and no other can replace
 * it.
 */
export async function revokeKey(change: KeyChange, id: string): Promise<KeyView> {
  const file = await readKeyFile(change.folder)
  const found = oneKey(viewsOf(file, change.nowMs), id)
  const until = new Date(change.nowMs).toISOString()
  const ended = <Key extends KeySpan>(keys: readonly Key[], idOf: (key: Key) => string): Key[] =>
    keys.map((key) => (idOf(key) === found.id && key.until === null ? { ...key, until } : key))
  const made: KeyFile = {
    ...file,
    receipt: ended(file.receipt, idOfReceiptKey),
    seal: ended(file.seal, idOfSealKey),
    recovery: ended(file.recovery, ({ recipient }) => recipient),
    tls: ended(file.tls, idOfTlsKey),
    tlsPins: ended(file.tlsPins, ({ pin }) => pin),
  }
  const { nowMs } = change
  for (const keys of [made.receipt, made.seal, made.recovery, made.tls]) checkOneInUse(keys, nowMs, found)
  await store(change, made)
  return { ...found, state: 'revoked', until }
}

/**
 * Gives the next key list a version above `version`. Needed once if lists were issued while the center's clock was in
 * the future and the register and the keys were then restored: agents know a version that the present time does not
 * reach.
 */
export async function raiseListVersion(change: KeyChange, version: number): Promise<number> {
  if (!Number.isSafeInteger(version) || version < 0 || version >= HIGHEST_LIST_VERSION) {
    throw new Failure('USAGE', `raising the key list's version: ${version} is no version of a key list`)
  }
  const file = await readKeyFile(change.folder)
  return store(change, { ...file, listVersion: Math.max(file.listVersion, version) })
}

async function store({ folder, nowMs }: KeyChange, file: KeyFile): Promise<number> {
  const listVersion = Math.max(file.listVersion + 1, listVersionAt(nowMs))
  await addKeyFile(folder, { ...file, listVersion })
  return listVersion
}

async function withNewKey(
  file: KeyFile,
  kind: RotatedKind,
  span: KeySpan,
  nowMs: number,
  publicUrl: string,
): Promise<KeyFile> {
  switch (kind) {
    case 'receipt':
      return { ...file, receipt: [...file.receipt, { key: seedText(newSigningKey()), ...span }] }
    case 'seal':
      return { ...file, seal: [...file.seal, { key: generateIdentity().identity, ...span }] }
    case 'tls': {
      const certificate = await newTlsCertificate(hostOf(publicUrl), nowMs)
      return { ...file, tls: [...file.tls, { ...certificate, ...span }] }
    }
  }
}

function viewsOf(file: KeyFile, nowMs: number): KeyView[] {
  const views = <Key extends KeySpan>(
    kind: KeyView['kind'],
    keys: readonly Key[],
    idOf: (key: Key) => string,
  ): KeyView[] =>
    keys.map((key) => {
      const { since, until } = key
      return { kind, id: idOf(key), state: keyState(key, keys, nowMs), since, until }
    })
  return [
    ...views('receipt', file.receipt, idOfReceiptKey),
    ...views('seal', file.seal, idOfSealKey),
    ...file.recovery.flatMap((key) => views('recovery', [key], ({ recipient }) => recipient)),
    ...views('tls', file.tls, idOfTlsKey),
    ...file.tlsPins.flatMap((key) => views('tlsPin', [key], ({ pin }) => pin)),
  ]
}

const idOfReceiptKey = ({ key }: { key: string }): string =>
  signingKeyFromSeed(Buffer.from(key, 'base64url')).kid
const idOfSealKey = ({ key }: { key: string }): string => parseIdentity(key).recipient.text
const idOfTlsKey = ({ certificate }: { certificate: string }): string => tlsPin(certificate)

function lastOf(views: readonly KeyView[], kind: KeyView['kind']): KeyView {
  const view = views.findLast((one) => one.kind === kind)
  if (view === undefined) throw new Failure('INTERNAL', `changing keys: there is no ${kind} key`)
  return view
}

/** A shorter beginning could match a key by chance. */
const LEAST_CHARACTERS = 8

function oneKey(views: readonly KeyView[], id: string): KeyView {
  const wanted = id.trim()
  const isFingerprint = /^[0-9a-fA-F-]+$/.test(wanted)
  const start = isFingerprint ? wanted.toLowerCase().replaceAll('-', '') : wanted
  const found = views.filter((view) => view.id.startsWith(start) || view.id.startsWith(wanted))
  if (wanted.length < LEAST_CHARACTERS)
    throw new Failure(
      'USAGE',
      `finding a key: ${JSON.stringify(wanted)} has less than ${LEAST_CHARACTERS} characters`,
    )
  const [view] = found
  if (view === undefined || found.length > 1)
    throw new Failure(
      'KEY_UNKNOWN',
      `finding a key: ${found.length} keys have the id ${JSON.stringify(wanted)}`,
    )
  if (view.until !== null) throw new Failure('KEY_REVOKED', `revoking a key: it was revoked at ${view.until}`)
  return view
}

function checkOneInUse(keys: readonly KeySpan[], nowMs: number, { kind }: KeyView): void {
  const next = keyInUse(keys, nowMs)
  if (next !== undefined && Date.parse(next.since) <= nowMs) return
  throw new Failure('KEY_NEEDED', `revoking a key: no other ${kind} key is in use`)
}
