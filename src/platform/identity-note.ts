import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createDurably, replaceDurably } from './durable-file.ts'
import { Failure, storageFailure, systemCode } from './failure.ts'

/**
 * The identity that works with a configuration file, and its folder. `ferry join` and `ferry-center init` write it next
 * to that file, so that a new, empty or different data folder is distinguished from a first start. It contains no
 * secret.
 */
export interface IdentityNote {
  /** The note's own file. */
  readonly path: string
  /** When the agent joined, or when the center was made: ISO 8601, UTC. */
  readonly since: string
  readonly dataFolder: string
  /** Fingerprint of the agent's key, or of the center's root key. */
  readonly fingerprint: string
  /** The name of the center. */
  readonly center: string
}

const FORMAT = 'ferry-identity/1'
const FIELDS = ['since', 'dataFolder', 'fingerprint', 'center'] as const

export const identityNotePath = (configFile: string): string => `${configFile}.identity`

/**
 * Reads the note next to a configuration file; undefined if there is none. Throws STORAGE_ERROR, and
 * DATA_FOLDER_CHANGED for a damaged note: the folder that was used is then unknown.
 */
export function readIdentityNote(configFile: string): IdentityNote | undefined {
  const path = identityNotePath(configFile)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw storageFailure(error, `reading ${path}`)
  }
  const found = fieldsOf(text)
  if (found !== undefined) return { path, ...found }
  throw new Failure(
    'DATA_FOLDER_CHANGED',
    `reading ${path}: the note of the identity of this installation is damaged, so it is not known which data folder was used: bring the note back from the backup, or remove it if dataFolder is right`,
  )
}

/** Does the same for a caller that can work without the note. */
export function identityNoteIfReadable(configFile: string): IdentityNote | undefined {
  try {
    return readIdentityNote(configFile)
  } catch {
    return undefined
  }
}

function fieldsOf(text: string): Omit<IdentityNote, 'path'> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Reflect.get(value, 'format') !== FORMAT) return undefined
  const [since, dataFolder, fingerprint, center] = FIELDS.map((name) => {
    const field: unknown = Reflect.get(value, name)
    return typeof field === 'string' ? field : undefined
  })
  if (since === undefined || dataFolder === undefined || fingerprint === undefined || center === undefined)
    return undefined
  return { since, dataFolder, fingerprint, center }
}

/** Writes the note, in place of an earlier one, so that it survives loss of power. Throws STORAGE_FULL or STORAGE_ERROR. */
export async function writeIdentityNote(configFile: string, note: Omit<IdentityNote, 'path'>): Promise<void> {
  const path = identityNotePath(configFile)
  const text = `${JSON.stringify({ format: FORMAT, ...note }, undefined, 2)}\n`
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  await (isThere ? replaceDurably(path, text, () => {}) : createDurably(path, text)).catch(
    (error: unknown) => {
      throw storageFailure(error, `writing ${path}`)
    },
  )
}
