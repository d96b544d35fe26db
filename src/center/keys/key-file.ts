import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createDurably } from '../../platform/durable-file.ts'
import { Failure, failureFrom, storageFailure, systemCode } from '../../platform/failure.ts'
import { checkPrivateFile } from '../../platform/private-file.ts'
import { HIGHEST_LIST_VERSION } from '../../protocol/key-list.ts'
import { parseKeyFile } from '../../protocol/parse-key-file.ts'

const seed = z.string().length(43)
const time = z.iso.datetime()
/** In use from `since` on; revoked at `until`, null for a key that is not revoked. */
const span = { since: time, until: time.nullable() }

const keyFileSchema = z.strictObject({
  format: z.literal('ferry-center-keys/2'),
  /** Key lists that are issued with this file have at least this version. */
  listVersion: z.int().nonnegative().max(HIGHEST_LIST_VERSION),
  root: seed,
  receipt: z.array(z.strictObject({ key: seed, ...span })).min(1),
  seal: z.array(z.strictObject({ key: z.string(), ...span })).min(1),
  /** age recipients whose private halves are kept elsewhere. */
  recovery: z.array(z.strictObject({ recipient: z.string(), ...span })).min(1),
  tls: z.array(z.strictObject({ key: z.string(), certificate: z.string(), ...span })).min(1),
  /** Pins of the operator's own certificates, announced before the certificate is used. */
  tlsPins: z.array(z.strictObject({ pin: z.string().length(43), ...span })),
})

/** All secrets of a center as they are stored in keys/NNNN.json, with the time of each key. */
export type KeyFile = z.infer<typeof keyFileSchema>

/** Names of the key files, the oldest first. */
export async function keyFileNames(folder: string): Promise<string[]> {
  const keys = join(folder, 'keys')
  const names = await readdir(keys).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return []
    throw storageFailure(error, `looking for the keys in ${keys}`)
  })
  return names.filter((name) => /^[0-9]{4}\.json$/.test(name)).toSorted()
}

/**
 * Reads the newest key file, keys/NNNN.json. Throws KEY_FILE_INVALID if there is none, if it has the wrong shape, or if
 * other users can use it.
 */
export async function readKeyFile(folder: string): Promise<KeyFile> {
  const newest = (await keyFileNames(folder)).at(-1)
  if (newest === undefined) {
    throw new Failure(
      'KEY_FILE_INVALID',
      `reading the center's keys: there are none in ${folder}: bring keys/ back from the backup; a center that was never made: ferry-center init`,
    )
  }
  const path = join(folder, 'keys', newest)
  checkPrivateFile(path, "reading the center's keys")
  const attempted = `reading ${path}`
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw failureFrom(error, 'KEY_FILE_INVALID', attempted)
  })
  return parseKeyFile(text, keyFileSchema, { path, what: 'the keys of a center' })
}

/**
 * Stores the keys under the next number: a key file is never changed. The file appears whole or not at all, so a running
 * center may read it at any moment.
 */
export async function addKeyFile(folder: string, file: KeyFile): Promise<void> {
  const newest = (await keyFileNames(folder)).at(-1)
  const number = newest === undefined ? 1 : Number.parseInt(newest, 10) + 1
  const path = join(folder, 'keys', `${String(number).padStart(4, '0')}.json`)
  await createDurably(path, keyFileText(file))
}

/** The text of a key file. */
export function keyFileText(file: KeyFile): string {
  return `${JSON.stringify(keyFileSchema.parse(file), undefined, 2)}\n`
}
