import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { createDurably } from '../../platform/durable-file.ts'
import { Failure, storageFailure, systemCode } from '../../platform/failure.ts'
import { identityNoteIfReadable, readIdentityNote } from '../../platform/identity-note.ts'
import { checkPrivateFile } from '../../platform/private-file.ts'
import { type KeyList, type SignedKeyList, verifyKeyList } from '../../protocol/key-list.ts'
import { parseKeyFile } from '../../protocol/parse-key-file.ts'
import { newSigningKey, type SigningKey, seedOf, signingKeyFromSeed } from '../../protocol/signing-key.ts'
import { isSpool } from '../queue/spool/spool-names.ts'
import { folderChanged } from './folder-changed.ts'

const identitySchema = z.strictObject({ signingSeed: z.string().regex(/^[\w-]{43}$/) })
const enrolmentSchema = z.strictObject({
  format: z.literal('ferry-enrolment/1'),
  url: z.string(),
  /** The root key's fingerprint. */
  center: z.string(),
  /** The TLS key that the center showed when the agent joined; since then the key list's pins count. */
  tlsPin: z.string(),
  /** The newest key list of this center at the time of writing. */
  keys: z.strictObject({ rootKey: z.string(), jws: z.string() }),
})
type Enrolment = z.infer<typeof enrolmentSchema>

/** The address of the center, and its first known identity. */
type CenterAddress = Pick<Enrolment, 'url' | 'center' | 'tlsPin'>

/**
 * `new`: taken over. `known`: its content is already known. `older`: its version is below the known one, so it is not
 * taken over. `twin`: another list already had this version; the one that was issued later is taken over.
 */
type Learned = 'new' | 'known' | 'older' | 'twin'

/**
 * The agent's own key and its knowledge of its center: small files in `<data>/keys`, readable by the service alone.
 * They are apart from the database, so that losing the database loses no enrolment. No file is ever changed. Address
 * and key list are one file, the newest counts, and it appears whole or not at all: if `ferry join` is interrupted,
 * either the old enrolment or the new one is in force.
 */
export class CenterAccount {
  readonly #folder: string
  readonly signingKey: SigningKey
  #file: string | undefined
  #address: CenterAddress | undefined
  #list: KeyList | undefined
  #learning: Promise<unknown> = Promise.resolve()

  private constructor(folder: string, signingKey: SigningKey) {
    this.#folder = folder
    this.signingKey = signingKey
  }

  /**
   * Opens the account. Throws NOT_ENROLLED before the first `ferry join`, and AGENT_KEY_LOST if the agent had a key
   * before: only a person may decide on a new identity.
   */
  static async open(dataFolder: string): Promise<CenterAccount> {
    const account = CenterAccount.#openKnown(dataFolder)
    if (account !== undefined) return account
    throw wasUsed(dataFolder) ? keyLost(dataFolder) : notEnrolled()
  }

  /**
   * Opens the account of an agent that has joined no center yet, too: makes the agent's key if there is none. Throws AGENT_KEY_LOST if there was a key
   * once, unless a new identity is wanted; `isNewKey` is then true.
   */
  static async openToJoin(
    dataFolder: string,
    { isNewWanted = false } = {},
  ): Promise<{ account: CenterAccount; isNewKey: boolean }> {
    const known = CenterAccount.#openKnown(dataFolder)
    if (known !== undefined) return { account: known, isNewKey: false }
    const isNewKey = wasUsed(dataFolder)
    if (isNewKey && !isNewWanted) throw keyLost(dataFolder)
    const folder = join(dataFolder, 'keys')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const key = newSigningKey()
    const text = JSON.stringify({ signingSeed: seedOf(key).toString('base64url') })
    try {
      await createDurably(join(folder, KEY_FILE), text)
    } catch (error) {
      // `ferry join` and the first start of the service may do this at the same moment.
      const made = isThere(error) ? CenterAccount.#openKnown(dataFolder) : undefined
      if (made === undefined) throw error
      return { account: made, isNewKey: false }
    }
    return { account: CenterAccount.#read(folder, key), isNewKey }
  }

  /**
   * Throws if the agent that joined by this configuration file worked with another data folder, or if its key is gone:
   * DATA_FOLDER_CHANGED or AGENT_KEY_LOST. Makes nothing. A note that cannot be read stops no agent that has its key.
   */
  static checkFolder(dataFolder: string, configFile: string): void {
    const known = CenterAccount.#openKnown(dataFolder)
    if (known === undefined) {
      if (wasUsed(dataFolder)) throw keyLost(dataFolder)
      const note = readIdentityNote(configFile)
      if (note !== undefined) throw folderChanged(dataFolder, note)
      return
    }
    const note = identityNoteIfReadable(configFile)
    const { kid } = known.signingKey
    if (note !== undefined && note.fingerprint !== kid) throw folderChanged(dataFolder, note, kid)
  }

  static #openKnown(dataFolder: string): CenterAccount | undefined {
    const folder = join(dataFolder, 'keys')
    const path = join(folder, KEY_FILE)
    checkPrivateFile(path, "reading the agent's key")
    const text = readIfThere(path)
    if (text === undefined) return undefined
    const { signingSeed } = parseKeyFile(text, identitySchema, { path, what: "an agent's key" })
    return CenterAccount.#read(folder, signingKeyFromSeed(Buffer.from(signingSeed, 'base64url')))
  }

  static #read(folder: string, key: SigningKey): CenterAccount {
    const account = new CenterAccount(folder, key)
    account.reread()
    return account
  }

  /** False before a center has approved this agent. */
  get isEnrolled(): boolean {
    return this.#address !== undefined
  }

  /** Throws NOT_ENROLLED before a center has approved this agent. */
  address(): CenterAddress {
    if (this.#address === undefined) throw notEnrolled()
    return this.#address
  }

  /** The newest key list. Throws NOT_ENROLLED. */
  keyList(): KeyList {
    if (this.#list === undefined) throw notEnrolled()
    return this.#list
  }

  /** Looks for an enrolment by another process (`ferry join` while the agent runs). Returns true if there was one. */
  reread(): boolean {
    const newest = this.#files().at(-1)
    if (newest === undefined || newest === this.#file) return false
    const { url, center, tlsPin, keys } = this.#enrolment(newest)
    this.#take(newest, { url, center, tlsPin }, verifyKeyList(keys, center))
    return true
  }

  /**
   * Makes this the agent's center, in one step. Throws SIGNATURE_INVALID for a list that the root did not sign. If a
   * later list of the same center is known (the agent was enrolled there before), the later one stays in force.
   */
  async enrol(address: CenterAddress, signed: SignedKeyList): Promise<void> {
    const list = verifyKeyList(signed, address.center)
    const known = this.#newestOf(address.center)
    const keys =
      known !== undefined && verifyKeyList(known, address.center).version > list.version ? known : signed
    // The running agent may write a newer key list of the old center at this moment.
    while (!(await this.#write(numberOf(this.#files().at(-1)) + 1, address, keys)));
  }

  /** Takes over a list of this center that is newer than the one known. Throws SIGNATURE_INVALID. */
  learnKeys(signed: SignedKeyList): Promise<Learned> {
    const learning = this.#learning.then(() => this.#learn(signed))
    this.#learning = learning.catch(() => {})
    return learning
  }

  async #learn(signed: SignedKeyList): Promise<Learned> {
    const known = this.keyList()
    const list = verifyKeyList(signed, this.address().center)
    const isSame = contentOf(list) === contentOf(known)
    if (list.version < known.version) return isSame ? 'known' : 'older'
    if (isSame) {
      // The list was issued again. It is kept in memory only, so that no list in between is taken over.
      this.#list = list
      return 'known'
    }
    if (list.version === known.version && list.issuedAt <= known.issuedAt) return 'twin'
    // Written under the number after the one in force: if `ferry join` was faster, its enrolment stays.
    const isWritten = await this.#write(numberOf(this.#file) + 1, this.address(), signed)
    if (!isWritten) return 'known'
    return list.version === known.version ? 'twin' : 'new'
  }

  #newestOf(center: string): SignedKeyList | undefined {
    for (const name of this.#files().toReversed()) {
      const enrolment = this.#enrolment(name)
      if (enrolment.center === center) return enrolment.keys
    }
    return undefined
  }

  /** Returns false if such a file already exists. */
  async #write(number: number, address: CenterAddress, keys: SignedKeyList): Promise<boolean> {
    const name = `center-${String(number).padStart(4, '0')}.json`
    const enrolment: Enrolment = { format: 'ferry-enrolment/1', ...address, keys }
    try {
      await createDurably(join(this.#folder, name), JSON.stringify(enrolment))
    } catch (error) {
      if (isThere(error)) return false
      throw error
    }
    this.#take(name, address, verifyKeyList(keys, address.center))
    return true
  }

  #take(file: string, address: CenterAddress, list: KeyList): void {
    this.#file = file
    this.#address = address
    this.#list = list
  }

  #enrolment(name: string): Enrolment {
    const path = join(this.#folder, name)
    const text = readIfThere(path) ?? ''
    return parseKeyFile(text, enrolmentSchema, { path, what: 'the address and keys of a center' })
  }

  #files(): string[] {
    return readdirSync(this.#folder)
      .filter((name) => /^center-\d{4,}\.json$/.test(name))
      .toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))
  }
}

const KEY_FILE = 'agent.json'

const numberOf = (file: string | undefined): number =>
  Number.parseInt(file?.slice('center-'.length) ?? '0', 10)

/** Returns true if an agent has worked here before: its index, its spool or an enrolment exists. */
function wasUsed(dataFolder: string): boolean {
  const keys = join(dataFolder, 'keys')
  const isEnrolled = existsSync(keys) && readdirSync(keys).some((name) => name.startsWith('center-'))
  return (
    isEnrolled || existsSync(join(dataFolder, 'queue.sqlite')) || holdsSpoolFiles(join(dataFolder, 'spool'))
  )
}

/** A new disk that is mounted there before the agent joins has no spool files. */
function holdsSpoolFiles(spool: string): boolean {
  try {
    return isSpool(spool)
  } catch (error) {
    return systemCode(error) !== 'ENOENT'
  }
}

/** Everything in a list except its version and time. */
function contentOf(list: KeyList): string {
  return JSON.stringify({ ...list, version: 0, issuedAt: '' })
}

const isThere = (error: unknown): boolean => error instanceof Failure && systemCode(error.cause) === 'EEXIST'

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storageFailure(error, `reading ${path}`)
  }
}

function keyLost(dataFolder: string): Failure {
  return new Failure(
    'AGENT_KEY_LOST',
    `opening ${join(dataFolder, 'keys', KEY_FILE)}: the agent's key is missing, and this folder was used before: ` +
      'bring the file back, or ask the center for a join code and run ferry join CODE --new-identity',
  )
}

function notEnrolled(): Failure {
  return new Failure(
    'NOT_ENROLLED',
    'this agent belongs to no center yet: ask the center for a join code (ferry-center invite) and run ferry join',
  )
}
