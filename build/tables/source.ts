import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A published file that a table is made of. */
export interface Source {
  readonly url: string
  /** SHA-256 of the content without white space: of `JSON.stringify` of what the file says. */
  readonly sha256: string
}

/** All are of one revision, which knows the standard's edition 2024e. */
const REVISION = 'https://raw.githubusercontent.com/innolitics/dicom-standard/7f4749d/standard'

export const SOURCES = {
  attributes: {
    url: `${REVISION}/attributes.json`,
    sha256: '5fec1244ff7601b38f4fe05dd654d171effec29da5f4454841eb702846addf91',
  },
  confidentiality: {
    url: `${REVISION}/confidentiality_profile_attributes.json`,
    sha256: '6811a5b580373779c0ea45a467da016633c95b6df514852b37f0dae96feac900',
  },
  sopClasses: {
    url: `${REVISION}/sops.json`,
    sha256: '1ad90f1cf3c178c9ef6fdee546876f3c60823abdc7274c064579c1f20ccc39e0',
  },
} as const satisfies Record<string, Source>

/** Other names under which a folder may have a source. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'confidentiality_profile_attributes.json': 'deid-table.json',
}

/**
 * The rows of a source, from a folder with the published files. Undefined if the folder does not have it. Throws if the file
 * is not the one that the committed table was made of: a newer one is taken by changing its digest here.
 */
export function readSource({ url, sha256 }: Source, folder: string): unknown {
  const name = url.slice(url.lastIndexOf('/') + 1)
  const path = [name, OTHER_NAMES[name] ?? name]
    .map((one) => join(folder, one))
    .find((one) => existsSync(one))
  if (path === undefined) return undefined
  const whole: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const rows = isWrapped(whole) ? whole.attributes : whole
  const found = createHash('sha256').update(JSON.stringify(rows)).digest('hex')
  if (found !== sha256)
    throw new Error(`${path} has the digest ${found}, where ${sha256} is expected (${url})`)
  return rows
}

const isWrapped = (whole: unknown): whole is { attributes: unknown } =>
  typeof whole === 'object' && whole !== null && 'attributes' in whole
