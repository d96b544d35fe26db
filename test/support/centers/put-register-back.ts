import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** In a process of its own: two copies of SQLite in one process do not see each other's locks. */
const BACKUP = `
  import BetterSqlite3 from 'better-sqlite3'
  const [, file, copy] = process.argv
  const database = new BetterSqlite3(file)
  await database.backup(copy)
  database.close()
`

/** As `sqlite3 FILE ".backup COPY"` does it: the database may be in use. */
export async function backUp(file: string, copy: string): Promise<void> {
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', BACKUP, file, copy], {
    env: { ...process.env, NODE_OPTIONS: '' },
  })
}

/** As `sqlite3 FILE ".restore COPY"` does it, also under a process that has the database open. */
export async function restoreUnder(file: string, copy: string): Promise<void> {
  await backUp(copy, file)
}
