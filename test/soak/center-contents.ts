import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parsePart10Header } from '../../src/dicom/read/part10.ts'
import { systemCode } from '../../src/platform/failure.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { sha256 } from '../support/centers/stored-at-center.ts'
import type { StoredVersion, Version } from './account.ts'

const REGISTER_SCHEMA = fileURLToPath(new URL('../../src/center/register/sqlite/schema', import.meta.url))

interface CenterContents {
  readonly stored: readonly StoredVersion[]
  readonly bytes: number
  /** Files that no row names: left by a death between the write and the commit, which the register overrules. */
  readonly leftoverFiles: number
}

/** Contents of a stopped center: the rows of its register, each with the digest of the file that it names. */
export async function centerContents(folder: string): Promise<CenterContents> {
  const instances = join(folder, 'instances')
  const files = new Set(
    readdirSync(instances, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.dcm')),
  )
  const stored: StoredVersion[] = []
  let bytes = 0
  for (const row of registered(folder)) {
    const content = await readIfThere(join(instances, row.file))
    files.delete(row.file)
    bytes += content?.length ?? 0
    stored.push({ ...row, fileSha256: content && dataSetDigest(content) })
  }
  return { stored, bytes, leftoverFiles: files.size }
}

function registered(folder: string): (Version & { file: string })[] {
  const database = Database.open(join(folder, 'register.sqlite'), REGISTER_SCHEMA)
  try {
    return database.all(
      'SELECT sop_instance_uid AS sopInstanceUid, data_set_sha256 AS dataSetSha256, file FROM instances',
    )
  } finally {
    database.close()
  }
}

function dataSetDigest(content: Buffer): string | undefined {
  const header = parsePart10Header(content)
  return header && sha256(content.subarray(header.headerBytes))
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}
