import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recovery/recover-spool.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { Database } from '../../../src/platform/sqlite.ts'
import { fillIndex } from '../../support/instances/large-index.ts'
import { fillSpool } from '../../support/instances/large-spool.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const SCHEMA = join(import.meta.dirname, '../../../src/agent/queue/schema')
const INSTANCES = 40
const DAY_MS = 86_400_000

const open = (folder: string): Promise<Queue> => openQueue(folder, systemClock, ['center'])

/** A folder with instances that arrived a day ago, all in the index; no agent uses it. */
async function filledFolder(): Promise<ReturnType<typeof tempFolder> & { index: string }> {
  const folder = tempFolder()
  using queue = await open(folder.path)
  fillSpool(queue.spool, INSTANCES, Date.now() - DAY_MS)
  await recoverSpool(queue, Date.now(), silentLog)
  return { ...folder, index: folder.join('queue.sqlite') }
}

function overwrite(path: string, from: number, bytes: Buffer): void {
  const content = readFileSync(path)
  bytes.copy(content, from)
  writeFileSync(path, content)
}

const setAside = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('queue.sqlite.damaged-'))

test.each<[string, (index: string) => void]>([
  ['is other bytes from its first page on', (index) => overwrite(index, 0, randomBytes(8192))],
  ['is no database at all', (index) => writeFileSync(index, 'the disk was repaired\n')],
  [
    'has pages of other bytes in its middle',
    (index) => overwrite(index, statSync(index).size / 2, randomBytes(40_960)),
  ],
  [
    'has pages of zeros at its end',
    (index) => overwrite(index, statSync(index).size - 40_960, Buffer.alloc(40_960)),
  ],
  ['is cut off in the middle', (index) => truncateSync(index, statSync(index).size / 2)],
  ['is cut off within its first page', (index) => truncateSync(index, 1000)],
  ['is of a version that no program writes', (index) => overwrite(index, 60, Buffer.from([0x7a, 1, 2, 3]))],
  ['is of no version', (index) => overwrite(index, 60, Buffer.alloc(4))],
])('an index that %s is moved aside, and the spool brings every instance back', async (_, damage) => {
  using folder = await filledFolder()
  damage(folder.index)
  const damaged = readFileSync(folder.index)
  using queue = await open(folder.path)
  const { reindexed, missing, doubtful } = await recoverSpool(queue, Date.now(), silentLog)
  expect({ reindexed, missing, doubtful }).toEqual({ reindexed: INSTANCES, missing: [], doubtful: [] })
  expect(queue.isIndexNew).toBe(true)
  expect(queue.setAside?.reason).toMatch(/^(opening|looking|\/)/)
  expect(readFileSync(queue.setAside?.path ?? '').equals(damaged)).toBe(true)
})

test.each<[string, (index: string) => void]>([
  ['has no bytes', (index) => truncateSync(index, 0)],
  [
    'has no bytes, with a log of other bytes beside it',
    (index) => {
      truncateSync(index, 0)
      writeFileSync(`${index}-wal`, randomBytes(100_000))
    },
  ],
])('an index that %s is as good as gone', async (_, damage) => {
  using folder = await filledFolder()
  damage(folder.index)
  using queue = await open(folder.path)
  expect(await recoverSpool(queue, Date.now(), silentLog)).toMatchObject({
    reindexed: INSTANCES,
    missing: [],
  })
  expect(setAside(folder.path)).toEqual([])
})

test.each(['-wal', '-shm'])('other bytes in the index%s do it no harm', async (end) => {
  using folder = await filledFolder()
  writeFileSync(folder.index + end, randomBytes(100_000))
  using queue = await open(folder.path)
  expect(await recoverSpool(queue, Date.now(), silentLog)).toMatchObject({ reindexed: 0, missing: [] })
  expect(queue.index.presentAfter('', INSTANCES + 1)).toHaveLength(INSTANCES)
})

test('an index that is whole is left where it is', async () => {
  using folder = await filledFolder()
  using queue = await open(folder.path)
  expect([queue.isIndexNew, queue.setAside, setAside(folder.path)]).toEqual([false, undefined, []])
  expect(existsSync(folder.index)).toBe(true)
})

test('a large index is used before all of it was looked at, and what is then found to be damaged is moved aside at the next start', async () => {
  using folder = tempFolder()
  {
    using queue = await open(folder.path)
    using stack = new DisposableStack()
    const database = stack.adopt(Database.open(folder.join('queue.sqlite'), SCHEMA), (it) => it.close())
    const large = { instances: 8000, perStudy: 200, untilMs: Date.now() - DAY_MS, statementBytes: 1000 }
    Array.from(fillIndex(database, large))
    expect(await queue.soundness).toBeUndefined()
  }
  const path = folder.join('queue.sqlite')
  expect(statSync(path).size).toBeGreaterThan(6 * 1024 * 1024)
  const openFor = (waitMs: number) => openQueue(folder.path, systemClock, ['center'], undefined, waitMs)
  {
    using whole = await openFor(0)
    expect([await whole.soundness, whole.setAside]).toEqual([undefined, undefined])
  }
  overwrite(path, statSync(path).size / 2, randomBytes(40_960))
  {
    using queue = await openFor(0)
    expect(queue.setAside).toBeUndefined()
    expect(await queue.soundness).toMatchObject({ code: 'DATABASE_DAMAGED' })
  }
  using queue = await openFor(Number.POSITIVE_INFINITY)
  expect(queue.setAside?.reason).toMatch(/^looking at the whole database/)
}, 30_000)
