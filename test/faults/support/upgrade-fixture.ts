import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Database } from '../../../src/platform/sqlite.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const FOLDER = join(ROOT, 'test/vectors/upgrade')
export const SCHEMA_FOLDERS = {
  agent: join(ROOT, 'src/agent/queue/schema'),
  center: join(ROOT, 'src/center/register/sqlite/schema'),
} as const

/** Versions of Ferry whose folders are kept: test/vectors/upgrade/VERSION/{agent,center}. */
export const FIXTURES = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

/** Path in the repository → SHA-256, of every schema file that a release has brought to a clinic. */
export function releasedSchemas(): [path: string, digest: string][] {
  const text = readFileSync(join(FOLDER, 'released-schemas.json'), 'utf8')
  return Object.entries(JSON.parse(text) as Record<string, string>)
}

export const digestOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex')

/** A copy to work in, its files readable by the owner alone, which git does not keep. */
export function copyFixture(version: string, target: string): void {
  cpSync(join(FOLDER, version), target, { recursive: true })
  for (const entry of readdirSync(target, { recursive: true, withFileTypes: true }))
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600)
}

/** Digest of every file below a folder, but for the lock, which every start makes. */
export function digestsBelow(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== 'lock',
  )
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).toSorted()
  return Object.fromEntries(paths.map((path) => [path, digestOf(path)]))
}

/** A schema folder: the agent's files up to `version`, then these, numbered on. */
export function makeSchemaFolder(folder: string, version: number, next: readonly string[]): string {
  mkdirSync(folder)
  for (const name of readdirSync(SCHEMA_FOLDERS.agent)) {
    if (Number(name.slice(0, 2)) <= version)
      copyFileSync(join(SCHEMA_FOLDERS.agent, name), join(folder, name))
  }
  for (const [i, sql] of next.entries()) {
    const number = String(version + 1 + i).padStart(2, '0')
    writeFileSync(join(folder, `${number}-next.sql`), sql)
  }
  return folder
}

/** All that a database holds, and whether it is sound, read as the schema of `schemaFolder` or an earlier one. */
export function contentOf(path: string, schemaFolder: string): Record<string, unknown> {
  const database = Database.open(path, schemaFolder)
  try {
    const schema = database.all<{ name: string; type: string; sql: string | null }>(
      'SELECT name, type, sql FROM sqlite_master ORDER BY name',
    )
    const tables = schema.filter(({ type }) => type === 'table')
    return {
      version: database.get('PRAGMA user_version'),
      integrity: database.get('PRAGMA integrity_check'),
      schema,
      rows: tables.map(({ name }) => [name, database.all(`SELECT * FROM "${name}"`)]),
    }
  } finally {
    database.close()
  }
}

/** Numbers of a schema folder's files, in the order of their names. */
export function schemaNumbers(folder: string): number[] {
  return readdirSync(folder)
    .toSorted()
    .map((name) => Number(/^(\d\d)-[a-z-]+\.sql$/.exec(basename(name))?.[1]))
}
