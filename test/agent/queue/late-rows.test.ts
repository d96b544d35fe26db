import { expect, test } from '@jest/globals'
import { AcceptanceGroup } from '../../../src/agent/queue/acceptance.ts'
import { versionOf } from '../../../src/agent/queue/instance-version.ts'
import { isHeldWhole } from '../../../src/agent/queue/known-copy.ts'
import { LateRows } from '../../../src/agent/queue/late-rows.ts'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recovery/recover-spool.ts'
import type { Acceptance, SealedInstance } from '../../../src/agent/queue/spool/sealed-instance.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { Database } from '../../../src/platform/sqlite.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const SCHEMA = new URL('../../../src/agent/queue/schema', import.meta.url).pathname

/** The number of rows that another process sees. */
function rowsSeenFromOutside(folder: string): number {
  const database = Database.openToRead(`${folder}/queue.sqlite`, SCHEMA)
  try {
    return database.get<{ n: number }>('SELECT count(*) AS n FROM instance')?.n ?? 0
  } finally {
    database.close()
  }
}

async function accepted(
  queue: Queue,
  like: Parameters<typeof spoolInstance>[1] = {},
): Promise<SealedInstance> {
  const instance = await spoolInstance(queue.spool, like)
  expect(await queue.acceptance.accept(instance)).toBe('new')
  return instance
}

test('an accepted instance has its row a tenth of a second later, together with those that came meanwhile', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, ['center'])
  await accepted(queue)
  clock.advance(99)
  await accepted(queue)
  expect(rowsSeenFromOutside(folder.path)).toBe(0)
  clock.advance(1)
  expect(rowsSeenFromOutside(folder.path)).toBe(2)
})

test('rows do not wait for their time if 256 of them wait', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, new ManualClock(), ['center'])
  await Promise.all(Array.from({ length: 255 }, () => accepted(queue)))
  expect(rowsSeenFromOutside(folder.path)).toBe(0)
  await accepted(queue)
  expect(rowsSeenFromOutside(folder.path)).toBe(256)
})

test('every part of the queue sees an accepted instance at once', async () => {
  const looks: readonly ((queue: Queue, instance: SealedInstance) => unknown)[] = [
    ({ deliveries }) => deliveries.counts('center').queued,
    ({ studies }) => studies.get('center', '1.2')?.instances,
    ({ packs }) => packs.formNext('center', { bytes: 10_000, members: 10 }, [])?.header.members.length,
    ({ index }, { envelope, trailer }) => index.ulidsOf(versionOf(envelope, trailer)).length,
    ({ damage }, { envelope }) => damage.needed([envelope.ulid]).length,
  ]
  for (const look of looks) {
    using folder = tempFolder()
    using queue = await openQueue(folder.path, new ManualClock(), ['center'])
    const instance = await accepted(queue, { studyInstanceUid: '1.2' })
    expect(rowsSeenFromOutside(folder.path)).toBe(0)
    expect(look(queue, instance)).toBe(1)
  }
})

test('a device that sends an instance again before it has a row is answered from the copy in the spool', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, new ManualClock(), ['center'])
  const { envelope, trailer } = await accepted(queue)
  expect(await isHeldWhole(queue, versionOf(envelope, trailer))).toBe(true)
})

test('other bytes under the UID of an instance that has no row yet are a conflict', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, new ManualClock(), ['center'])
  await accepted(queue, { sopInstanceUid: '1.2.3' })
  const other = await spoolInstance(queue.spool, { sopInstanceUid: '1.2.3' })
  expect(await queue.acceptance.accept(other)).toBe('conflict')
})

test('a row waits only if the spool file gives all of it back', async () => {
  const observations: readonly SealedInstance['observed'][] = [
    { findings: ['sopClass'] },
    { findings: [], display: Buffer.from('sealed') },
    { findings: [], hold: new Failure('CHECK_HELD', 'checking') },
  ]
  for (const observed of observations) {
    using folder = tempFolder()
    using queue = await openQueue(folder.path, new ManualClock(), ['center'])
    await accepted(queue)
    const instance = await spoolInstance(queue.spool)
    await queue.acceptance.accept({ ...instance, ...(observed && { observed }) })
    expect(rowsSeenFromOutside(folder.path)).toBe(2)
  }
})

test('the rows that a killed process had not written are brought back by the spool files', async () => {
  using folder = tempFolder()
  const clock = new ManualClock(Date.now())
  {
    using queue = await openQueue(folder.path, clock, ['center'])
    const rows = new LateRows(new RefusingIndex(), clock)
    const killed = new AcceptanceGroup(queue.spool, rows, queue.held)
    for (let n = 0; n < 3; n++) expect(await killed.accept(await spoolInstance(queue.spool))).toBe('new')
  }
  expect(rowsSeenFromOutside(folder.path)).toBe(0)
  using queue = await openQueue(folder.path, clock, ['center'])
  const recovery = await recoverSpool(queue, clock.now(), silentLog)
  expect(recovery).toMatchObject({ reindexed: 3, forgotten: 0, unfinished: 0 })
  expect(queue.deliveries.counts('center').queued).toBe(3)
})

test('an index that takes no rows is noticed after Success, the next instance is refused, and no row is lost', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, ['center'])
  const index = new RefusingIndex()
  const rows = new LateRows(index, clock)
  const heard: string[] = []
  rows.connect({ refused: ({ code }) => heard.push(code), written: () => heard.push('written') })
  const group = new AcceptanceGroup(queue.spool, rows, queue.held)
  const first = await spoolInstance(queue.spool)
  expect(await group.accept(first)).toBe('new')
  clock.advance(100)
  expect(heard).toEqual(['STORAGE_FULL'])
  const refused = group.accept(await spoolInstance(queue.spool))
  await expect(refused).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  expect(() => rows.write()).toThrow('full')
  expect(heard).toEqual(['STORAGE_FULL'])
  index.isFull = false
  rows.write()
  expect(heard).toEqual(['STORAGE_FULL', 'written'])
  expect(index.written).toEqual([first.envelope.ulid])
  expect(await group.accept(await spoolInstance(queue.spool))).toBe('new')
})

/** An index that takes no rows while its disk is full. */
class RefusingIndex {
  isFull = true
  readonly written: string[] = []

  isNew(): boolean {
    return true
  }

  insertNew(instances: readonly SealedInstance[]): void {
    if (this.isFull) throw new Failure('STORAGE_FULL', 'writing: the disk is full')
    this.written.push(...instances.map(({ envelope }) => envelope.ulid))
  }

  insert(): Acceptance[] {
    throw new Failure('INTERNAL', 'no row of this test has to be written at once')
  }
}
