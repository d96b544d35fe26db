import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../../platform/durable-file.ts'
import { Failure, storageFailure, systemCode } from '../../platform/failure.ts'
import { type KeyList, type SignedKeyList, verifyKeyList } from '../../protocol/key-list.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import { newSigningKey, type SigningKey, seedOf, signingKeyFromSeed } from '../../protocol/signing-key.ts'

const identitySchema = z.strictObject({ signingSeed: z.string() })
const centerSchema = z.strictObject({
  url: z.string(),
  center: z.string(),
  /** The pin of the join code; a key list may add others. */
  tlsPin: z.string(),
})
const keysSchema = z.strictObject({ rootKey: z.string(), jws: z.string() })

export type CenterAddress = z.infer<typeof centerSchema>

/**
 * The agent's own key and what it knows of its center: small files in `<data>/keys`, readable by the service alone, apart
 * from the database, so that losing that loses no enrolment. Files are never replaced: a newer key list is a new file.
 */
export class CenterAccount {
  readonly #folder: string
  readonly signingKey: SigningKey

  private constructor(folder: string, signingKey: SigningKey) {
    this.#folder = folder
    this.signingKey = signingKey
  }

  /** Opens the account; makes the agent's key when there is none yet. */
  static async open(dataFolder: string): Promise<CenterAccount> {
    const folder = join(dataFolder, 'keys')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, 'agent.json')
    const text = readIfThere(path)
    if (text !== undefined) {
      const { signingSeed } = parseJson(text, identitySchema, 'KEY_FILE_INVALID', `reading ${path}`)
      return new CenterAccount(folder, signingKeyFromSeed(Buffer.from(signingSeed, 'base64url')))
    }
    const key = newSigningKey()
    await writeDurably(path, JSON.stringify({ signingSeed: seedOf(key).toString('base64url') }))
    return new CenterAccount(folder, key)
  }

  /** Where the center is and how to know it. Throws NOT_ENROLLED before the first join. */
  address(): CenterAddress {
    const path = this.#newest('center')
    if (path === undefined) throw notEnrolled()
    return parseJson(readFileSync(path, 'utf8'), centerSchema, 'KEY_FILE_INVALID', `reading ${path}`)
  }

  /** The newest key list, its signature checked again. Throws NOT_ENROLLED before the center has approved this agent. */
  keyList(): KeyList {
    const path = this.#newest('keys')
    if (path === undefined) throw notEnrolled()
    const signed = parseJson(readFileSync(path, 'utf8'), keysSchema, 'KEY_FILE_INVALID', `reading ${path}`)
    return verifyKeyList(signed, this.address().center)
  }

  async joinAt(address: CenterAddress): Promise<void> {
    await this.#write('center', JSON.stringify(address))
  }

  /** Takes over a key list that is newer than the one known. Throws SIGNATURE_INVALID for one that the root did not sign. */
  async learnKeys(signed: SignedKeyList): Promise<'new' | 'known'> {
    const list = verifyKeyList(signed, this.address().center)
    if (this.isApproved() && list.version <= this.keyList().version) return 'known'
    await this.#write('keys', JSON.stringify(signed))
    return 'new'
  }

  isApproved(): boolean {
    return this.#newest('keys') !== undefined
  }

  async #write(kind: string, text: string): Promise<void> {
    const number = this.#numbered(kind).length + 1
    await writeDurably(join(this.#folder, `${kind}-${String(number).padStart(4, '0')}.json`), text)
  }

  #newest(kind: string): string | undefined {
    const name = this.#numbered(kind).at(-1)
    return name === undefined ? undefined : join(this.#folder, name)
  }

  #numbered(kind: string): string[] {
    return readdirSync(this.#folder)
      .filter((name) => name.startsWith(`${kind}-`) && name.endsWith('.json'))
      .toSorted()
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storageFailure(error, `reading ${path}`)
  }
}

function notEnrolled(): Failure {
  return new Failure(
    'NOT_ENROLLED',
    'this agent belongs to no center yet: ask the center for a join code (ferry-center invite) and run ferry join',
  )
}
