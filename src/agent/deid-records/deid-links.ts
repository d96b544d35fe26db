import { mkdirSync } from 'node:fs'
import { readdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Opener } from '../../age/opener.ts'
import { Sealer } from '../../age/sealer.ts'
import { type Identity, parseIdentity, parseRecipient, type Recipient } from '../../age/x25519-keys.ts'
import { syncFolder, writeDurably } from '../../platform/durable-file.ts'
import { type Failure, failureFrom, storageFailure, systemCode } from '../../platform/failure.ts'
import { parseJson } from '../../protocol/parse-json.ts'
import type { ProjectKey } from '../deidentify/rules/project-key.ts'
import type { Link } from '../deidentify/rules/who-is-who.ts'

const SUFFIX = '.age'
/** Number of studies whose links are known to be on the disk; for others the disk is checked again. */
const REMEMBERED = 10_000

const valuesSchema = z.object({
  patientId: z.string(),
  patientName: z.string(),
  accessionNumber: z.string(),
  studyInstanceUid: z.string(),
})
const linkSchema = z.object({
  format: z.literal('ferry-link/1'),
  profile: z.string(),
  original: valuesSchema,
  replacement: valuesSchema,
  shiftedDays: z.number().exactOptional(),
})

export type KeptLink = z.infer<typeof linkSchema>

const folderOf = (dataFolder: string): string => join(dataFolder, 'deid-links')

/**
 * The linking table of a project, which links pseudonyms to patients: a file for each patient and study, sealed on
 * arrival to a recovery key whose private half is kept elsewhere. This machine can add to it and never read it. A file
 * name is an HMAC of the content, so that the slices of a study share one file, also after a restart.
 */
export class DeidLinks {
  readonly #folder: string
  readonly #recipient: Recipient
  readonly #key: ProjectKey
  readonly #kept = new Map<string, Promise<void>>()

  /** Throws AGE_KEY_INVALID, STORAGE_ERROR. */
  constructor(dataFolder: string, recipient: string, key: ProjectKey) {
    this.#folder = folderOf(dataFolder)
    this.#recipient = parseRecipient(recipient)
    this.#key = key
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    } catch (error) {
      throw storageFailure(error, `making ${this.#folder}`)
    }
  }

  /** Resolves when the link is on the disk; rejects with STORAGE_FULL or STORAGE_ERROR. */
  keep(profile: string, link: Link): Promise<void> {
    const record: KeptLink = { format: 'ferry-link/1', profile, ...link }
    const text = `${JSON.stringify(record)}\n`
    const name = this.#key.mark(text)
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    if (this.#kept.size >= REMEMBERED) this.#kept.clear()
    const written = this.#write(join(this.#folder, name + SUFFIX), Buffer.from(text, 'utf8'))
    this.#kept.set(name, written)
    written.catch(() => this.#kept.delete(name))
    return written
  }

  async #write(path: string, text: Buffer): Promise<void> {
    const sealer = new Sealer([this.#recipient])
    const sealed = Buffer.concat([sealer.header, ...sealer.update(text), ...sealer.final()])
    // A file that a power cut left is shorter than expected.
    const before = await bytesOf(path)
    if (before === sealed.length) return syncFolder(this.#folder)
    if (before !== undefined) await unlink(path)
    await writeDurably(path, sealed)
  }
}

async function bytesOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storageFailure(error, `looking at ${path}`)
  }
}

/**
 * Yields every link of a data folder, or the reason why its file cannot be opened. `identity`: AGE-SECRET-KEY-1…;
 * throws AGE_KEY_INVALID.
 */
export async function* readDeidLinks(
  dataFolder: string,
  identity: string,
): AsyncGenerator<{ readonly path: string } & ({ readonly link: KeptLink } | { readonly failure: Failure })> {
  const key = parseIdentity(identity)
  const folder = folderOf(dataFolder)
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw storageFailure(error, `reading ${folder}`)
  })
  for (const name of names.filter((one) => one.endsWith(SUFFIX)).toSorted()) {
    const path = join(folder, name)
    try {
      yield { path, link: await open(path, key) }
    } catch (error) {
      yield { path, failure: failureFrom(error, 'STORAGE_ERROR', `opening ${path}`) }
    }
  }
}

async function open(path: string, identity: Identity): Promise<KeptLink> {
  const opener = new Opener([identity])
  const opened = [...opener.update(await readFile(path)), ...opener.final()]
  return parseJson(Buffer.concat(opened).toString('utf8'), linkSchema, 'AGE_FORMAT', `reading ${path}`)
}
