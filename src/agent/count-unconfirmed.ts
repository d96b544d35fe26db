import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Database } from '../platform/sqlite.ts'

/**
 * Counts the instances in the data folder of a stopped agent that the center has not confirmed; an uninstaller asks before
 * it deletes them. Returns 0 for a folder that was never used. Throws if the index is damaged or missing beside a spool.
 */
export function countUnconfirmed(dataFolder: string): number {
  const [path, spool] = [join(dataFolder, 'queue.sqlite'), join(dataFolder, 'spool')]
  if (!existsSync(path)) {
    if (!existsSync(spool) || readdirSync(spool).length === 0) return 0
    throw new Error(`${spool} has files, and ${path} does not exist`)
  }
  const database = Database.open(path, join(import.meta.dirname, 'queue/schema'))
  try {
    return database.get<{ count: number }>(COUNT)?.count ?? 0
  } finally {
    database.close()
  }
}

const COUNT = `
  SELECT count(DISTINCT ulid) AS count FROM delivery INDEXED BY delivery_unconfirmed WHERE state <> 'confirmed'`
