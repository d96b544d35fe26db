import { globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'
import { systemClock } from '../../src/platform/clock.ts'
import { DatabaseCare } from '../../src/platform/database-care.ts'
import { Database } from '../../src/platform/sqlite.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../support/clocks/pass-time.ts'
import { until } from '../support/clocks/until.ts'
import { tempFolder } from '../support/temp-folder.ts'

const ROW = 'x'.repeat(100_000)

const threads = (): number => readdirSync('/proc/self/task').length

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

test('a thread is ended after ten seconds without a task, and a log that has changed has a new one', async () => {
  using folder = tempFolder()
  using open = new DisposableStack()
  const { database, path } = openLogged(folder)
  open.defer(() => database.close())
  // Each thread leaves a file of its own: a word for each task.
  const body = `
    import { appendFileSync } from 'node:fs'
    import { parentPort, threadId } from 'node:worker_threads'
    const note = (word) => appendFileSync(${JSON.stringify(folder.join('thread-'))} + threadId, word + ' ')
    parentPort.on('message', (task) => {
      note(task)
      parentPort.postMessage({ found: 'ok' })
    })`
  writeFileSync(folder.join('thread.mjs'), body)
  const tasks = (): string[] => globSync(folder.join('thread-*')).map((file) => readFileSync(file, 'utf8'))
  const add = (): void => void database.run('INSERT INTO row (text) VALUES (?)', ROW)
  for (let i = 0; i < 100; i++) add()
  const clock = new ManualClock()
  const care = open.use(new DatabaseCare(path, clock, pathToFileURL(folder.join('thread.mjs'))))
  const stop = new AbortController()
  const running = care.run(stop.signal)
  await passTimeUntil(clock, tasks, ([words = '']) => words === 'checkpoint ')
  const atWork = threads()
  await passTimeUntil(clock, threads, (count) => count < atWork)
  expect(tasks()).toEqual(['checkpoint '])
  add()
  await passTimeUntil(clock, tasks, ({ length }) => length === 2)
  stop.abort()
  await running.catch(() => {})
  expect(clock.monotonicMs()).toBeGreaterThan(10_000)
})
