import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { systemClock } from '../../src/platform/clock.ts'
import { DatabaseCare } from '../../src/platform/database-care.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { until } from '../support/clocks/until.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ROW = 'x'.repeat(100_000)

function openLogged(folder: ReturnType<typeof tempFolder>): { database: Database; path: string } {
  mkdirSync(folder.join('schema'))
  writeFileSync(
    folder.join('schema/01-rows.sql'),
    'CREATE TABLE row (id INTEGER PRIMARY KEY, text TEXT) STRICT;',
  )
  const path = folder.join('rows.sqlite')
  const database = Database.open(path, folder.join('schema'))
  database.leaveCheckpoints()
  return { database, path }
}

test('a long log is brought into the file by the thread, while commits go on', async () => {
  using folder = tempFolder()
  using open = new DisposableStack()
  const { database, path } = openLogged(folder)
  open.defer(() => database.close())
  const care = open.use(new DatabaseCare(path, systemClock))
  const add = (): void => void database.run('INSERT INTO row (text) VALUES (?)', ROW)
  for (let i = 0; i < 200; i++) add()
  const before = statSync(path).size
  expect(statSync(`${path}-wal`).size).toBeGreaterThan(16 * 1024 * 1024)
  const stop = new AbortController()
  const running = care.run(stop.signal)
  await until(
    () => (add(), statSync(path).size),
    (size) => size > before + 16 * 1024 * 1024,
  )
  stop.abort()
  await running
  expect(database.get<{ n: number }>('SELECT count(*) AS n FROM row')?.n).toBeGreaterThan(200)
})

test('a thread that cannot work says nothing about the database', async () => {
  using folder = tempFolder()
  using open = new DisposableStack()
  const { database, path } = openLogged(folder)
  open.defer(() => database.close())
  writeFileSync(folder.join('broken.mjs'), 'throw new Error("no")')
  const care = open.use(new DatabaseCare(path, systemClock, new URL(`file://${folder.join('broken.mjs')}`)))
  await expect(care.check()).rejects.toMatchObject({ code: 'INTERNAL' })
})
