import { parentPort, workerData } from 'node:worker_threads'
import type { DatabaseAnswer, DatabaseTask } from './database-care.ts'
import { systemCode } from './failure.ts'
import type { SqliteConnection } from './sqlite-driver/sqlite-connection.ts'
import { sqliteDriver } from './sqlite-driver/sqlite-driver.ts'

// The thread of database-care.ts. It has a connection of its own, opened for each task: a long task there
// delays no other.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as database-care.ts hands it in
const { path } = workerData as { path: string }

parentPort?.on('message', (task: DatabaseTask) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort?.postMessage(answer(task))
})

function answer(task: DatabaseTask): DatabaseAnswer {
  let database: SqliteConnection | undefined
  try {
    database = sqliteDriver().open(path, { access: 'write' })
    database.pragma('synchronous = NORMAL')
    if (task === 'check') return { found: String(database.pragma('quick_check(1)')) }
    database.pragma('wal_checkpoint(PASSIVE)')
    return { found: 'ok' }
  } catch (error) {
    return { code: systemCode(error) ?? '', message: Error.isError(error) ? error.message : String(error) }
  } finally {
    database?.close()
  }
}
