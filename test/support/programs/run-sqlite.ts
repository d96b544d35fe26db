// Works on a database in a process of its own, with the driver that FERRY_SQLITE names: for tests that trace or kill it.
import { join } from 'node:path'
import { Database } from '../../../src/platform/sqlite.ts'
import { sqliteDriver } from '../../../src/platform/sqlite-driver/sqlite-driver.ts'

const [, , what = '', folder = ''] = process.argv
const PAGE = 'x'.repeat(4000)

const tasks: Record<string, () => void> = {
  name() {
    const { name, addonFault } = sqliteDriver()
    process.stdout.write(`${JSON.stringify({ name, addonFault })}\n`)
  },

  /** Each act that writes or syncs, from a new file to its end. */
  work() {
    const database = open()
    add(database, 1)
    database.transaction(() => add(database, 10))
    database.durably(() => add(database, 10))
    database.durably(() => database.transaction(() => add(database, 10)))
    database.leaveCheckpoints()
    database.transaction(() => add(database, 1000))
    database.emptyLog()
    database.durably(() => database.run('DELETE FROM row WHERE id > 100'))
    database.close()
  },

  count() {
    const database = open()
    database.check()
    process.stdout.write(`${JSON.stringify(database.get('SELECT count(*) AS n FROM row'))}\n`)
    database.close()
  },

  /** Commits ten rows, then waits in a transaction that no longer fits in the memory of the connection. */
  'wait-in-transaction'() {
    const database = open()
    database.durably(() => add(database, 10))
    database.transaction(() => {
      add(database, 10_000)
      process.stdout.write('ready\n')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })
  },
}

function open(): Database {
  return Database.open(join(folder, 'rows.sqlite'), join(folder, 'schema'))
}

function add(database: Database, rows: number): void {
  for (let i = 0; i < rows; i++) database.run('INSERT INTO row (text) VALUES (?)', PAGE)
}

tasks[what]?.()
