import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recovery/recover-spool.ts'
import { filePath, segmentPath } from '../../../src/agent/queue/spool/spool-names.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { newUlid, type Ulid } from '../../../src/protocol/ulid.ts'
import { recordInstance, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { bytesOf, spooledIn } from '../../support/instances/spooled.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const open = (folder: string): Promise<Queue> => openQueue(folder, systemClock, ['center'])
const recover = (queue: Queue) => recoverSpool(queue, Date.now(), silentLog)
const record = (queue: Queue, count: number) =>
  Promise.all(Array.from({ length: count }, () => recordInstance(queue)))

function forgetIndex(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('queue.sqlite')) rmSync(join(folder, name))
}

async function bytesInSpool(queue: Queue, ulid: Ulid): Promise<Buffer> {
  await using image = await queue.spool.openImage(ulid)
  return Buffer.concat(await Array.fromAsync(queue.spool.range(ulid, 0, image.bytes)))
}

const segmentOf = (queue: Queue, ulid: Ulid): Ulid => queue.segments.placeOf(ulid)?.segment ?? newUlid(0)

test('instances of a segment have their bytes, and a start with the index reads none of them again', async () => {
  using folder = tempFolder()
  let ulids: Ulid[] = []
  let name = newUlid(0)
  {
    using queue = await open(folder.path)
    const instances = await record(queue, 20)
    ulids = instances.map(({ envelope }) => envelope.ulid)
    name = segmentOf(queue, ulids[0] as Ulid)
    for (const { envelope, bytes } of instances)
      expect((await bytesInSpool(queue, envelope.ulid)).equals(bytes)).toBe(true)
  }
  // A start that reads records again would find no head of any.
  const path = segmentPath(join(folder.path, 'spool'), name)
  const bytes = readFileSync(path)
  for (let at = 0; at < bytes.length; at += 4096) bytes.fill(0, at, at + 32)
  writeFileSync(path, bytes)
  using queue = await open(folder.path)
  expect(await recover(queue)).toMatchObject({ reindexed: 0, doubtful: [], missing: [] })
  expect(queue.deliveries.counts('center')).toMatchObject({ queued: 20 })
})

test('an index that was lost is rebuilt from segments, and the center is asked before anything is sent', async () => {
  using folder = tempFolder()
  const sent = new Map<Ulid, Buffer>()
  {
    using queue = await open(folder.path)
    for (const { envelope, bytes } of await record(queue, 20)) sent.set(envelope.ulid, bytes)
    queue.spool.endSegment()
    for (const { envelope, bytes } of await record(queue, 20)) sent.set(envelope.ulid, bytes)
  }
  forgetIndex(folder.path)
  using queue = await open(folder.path)
  expect(await recover(queue)).toMatchObject({ reindexed: 40, forgotten: 40, doubtful: [] })
  expect(queue.deliveries.counts('center')).toMatchObject({ queued: 0, delivered: 40 })
  for (const [ulid, bytes] of sent) expect((await bytesInSpool(queue, ulid)).equals(bytes)).toBe(true)
  expect(new Set(Array.from(sent.keys(), (ulid) => segmentOf(queue, ulid))).size).toBe(2)
})

test('rows that were not written yet are read from behind the mark, once', async () => {
  using folder = tempFolder()
  using copy = tempFolder()
  using queue = await open(folder.path)
  await record(queue, 3)
  queue.lateRows.write()
  await record(queue, 4)
  // As kill -9 leaves it: the rows of the last four wait in memory.
  cpSync(folder.path, copy.path, { recursive: true })
  using again = await open(copy.path)
  expect(await recover(again)).toMatchObject({ reindexed: 4, forgotten: 0, doubtful: [] })
  expect(again.deliveries.counts('center')).toMatchObject({ queued: 7 })
  expect(await recover(again)).toMatchObject({ reindexed: 0, forgotten: 0 })
})

test('an older copy of the index gets everything that came after it', async () => {
  using folder = tempFolder()
  using old = tempFolder()
  {
    using queue = await open(folder.path)
    await record(queue, 3)
    queue.lateRows.write()
    for (const name of readdirSync(folder.path))
      if (name.startsWith('queue.sqlite')) cpSync(join(folder.path, name), join(old.path, name))
    await record(queue, 3)
    queue.spool.endSegment()
    await record(queue, 5)
  }
  forgetIndex(folder.path)
  cpSync(old.path, folder.path, { recursive: true })
  using queue = await open(folder.path)
  expect(await recover(queue)).toMatchObject({ reindexed: 8, doubtful: [], missing: [] })
  expect(
    spooledIn(join(folder.path, 'spool')).map(({ envelope }) => queue.segments.hasRow(envelope.ulid)),
  ).toEqual(Array.from({ length: 11 }, () => true))
})

/** A spool as a power cut leaves it: two instances with rows, and the torn record of a third, which has none. */
async function withTornEnd(
  use: (folder: string, path: string, whole: number) => Promise<void>,
): Promise<void> {
  using folder = tempFolder()
  using copy = tempFolder()
  using queue = await open(folder.path)
  const [first] = await record(queue, 2)
  queue.lateRows.write()
  const name = segmentOf(queue, first?.envelope.ulid ?? newUlid(0))
  const whole = statSync(segmentPath(queue.spool.folder, name)).size
  await record(queue, 1)
  cpSync(folder.path, copy.path, { recursive: true })
  const path = segmentPath(join(copy.path, 'spool'), name)
  truncateSync(path, whole + 900)
  await use(copy.path, path, whole)
}

test('a torn end that was never acknowledged is passed over and cut off, so that a later loss of the index raises no alarm', async () => {
  await withTornEnd(async (folder, path, whole) => {
    {
      using queue = await open(folder)
      expect(await recover(queue)).toMatchObject({ reindexed: 0, doubtful: [] })
      expect(statSync(path).size).toBe(whole)
    }
    forgetIndex(folder)
    using queue = await open(folder)
    expect(await recover(queue)).toMatchObject({ reindexed: 2, doubtful: [] })
  })
})

test('with a lost index a gap before whole records is doubtful, and its segment is kept; a torn end is not', async () => {
  await withTornEnd(async (folder, path) => {
    forgetIndex(folder)
    {
      using queue = await open(folder)
      expect(await recover(queue)).toMatchObject({ reindexed: 2, doubtful: [] })
    }
    const bytes = readFileSync(path)
    bytes.fill(0, 4096, 4096 + 200)
    writeFileSync(path, bytes)
    forgetIndex(folder)
    const name = segmentName(path)
    {
      using queue = await open(folder)
      expect(await recover(queue)).toMatchObject({ reindexed: 1, doubtful: [name] })
    }
    // It stays doubtful at the next start, which has an index.
    using queue = await open(folder)
    expect(await recover(queue)).toMatchObject({ reindexed: 0, doubtful: [name] })
  })
})

test('records after the end of a segment whose sync failed do not count, with the index that knows it', async () => {
  using folder = tempFolder()
  using copy = tempFolder()
  using queue = await open(folder.path)
  const [first] = await record(queue, 1)
  queue.lateRows.write()
  const name = segmentOf(queue, first?.envelope.ulid ?? newUlid(0))
  const end = statSync(segmentPath(queue.spool.folder, name)).size
  await record(queue, 1)
  cpSync(folder.path, copy.path, { recursive: true })
  using again = await open(copy.path)
  again.segments.noteEnd({ segment: name, end })
  expect(await recover(again)).toMatchObject({ reindexed: 0 })
})

test('a segment that is gone makes its instances missing, and they are found again with it', async () => {
  using folder = tempFolder()
  let path = ''
  {
    using queue = await open(folder.path)
    const [first] = await record(queue, 3)
    path = segmentPath(queue.spool.folder, segmentOf(queue, first?.envelope.ulid ?? newUlid(0)))
  }
  renameSync(path, `${path}.away`)
  {
    using queue = await open(folder.path)
    expect((await recover(queue)).missing).toHaveLength(3)
    expect(queue.alarms.list()).toMatchObject([{ code: 'SPOOL_FILE_MISSING' }])
  }
  renameSync(`${path}.away`, path)
  using queue = await open(folder.path)
  expect((await recover(queue)).missing).toEqual([])
  expect(queue.alarms.list()).toEqual([])
})

test('a file that an interrupted move left behind goes if the record is whole, and takes its place if it is not', async () => {
  using folder = tempFolder()
  const spool = join(folder.path, 'spool')
  let ulids: Ulid[] = []
  let path = ''
  {
    using queue = await open(folder.path)
    const instances = await record(queue, 3)
    ulids = instances.map(({ envelope }) => envelope.ulid)
    const [torn, whole, needed] = instances
    if (torn === undefined || whole === undefined || needed === undefined) throw new Error('three')
    path = segmentPath(spool, segmentOf(queue, torn.envelope.ulid))
    writeFileSync(filePath(spool, torn.envelope.ulid), torn.bytes.subarray(0, 700), { mode: 0o600 })
    writeFileSync(filePath(spool, whole.envelope.ulid), whole.bytes, { mode: 0o600 })
    writeFileSync(filePath(spool, needed.envelope.ulid), needed.bytes, { mode: 0o600 })
    const { offset = 0 } = queue.segments.placeOf(needed.envelope.ulid) ?? {}
    const bytes = readFileSync(path)
    bytes.fill(0, offset + 500, offset + 600)
    writeFileSync(path, bytes)
  }
  using queue = await open(folder.path)
  expect(await recover(queue)).toMatchObject({ reindexed: 0, unfinished: 0, doubtful: [], missing: [] })
  expect(ulids.map((ulid) => existsSync(filePath(spool, ulid)))).toEqual([false, false, true])
  expect(ulids.map((ulid) => queue.spool.placeOf(ulid).path === path)).toEqual([true, true, false])
})

test('the same version as a file and as a record is there once after a loss of the index', async () => {
  using folder = tempFolder()
  {
    using queue = await open(folder.path)
    const same = { dataSet: Buffer.alloc(500, 7), sopInstanceUid: '1.2.3' }
    await queue.acceptance.accept(await spoolInstance(queue.spool, same))
    await recordInstance(queue, same)
  }
  forgetIndex(folder.path)
  using queue = await open(folder.path)
  expect(await recover(queue)).toMatchObject({ reindexed: 1, doubtful: [] })
  expect(spooledIn(join(folder.path, 'spool')).map((it) => bytesOf(it).length > 0)).toEqual([true])
})

test('stale bytes after the last record of a segment are never taken for records', async () => {
  using folder = tempFolder()
  let path = ''
  {
    using queue = await open(folder.path)
    const [first] = await record(queue, 1)
    path = segmentPath(queue.spool.folder, segmentOf(queue, first?.envelope.ulid ?? newUlid(0)))
    queue.spool.endSegment()
    const [other] = await record(queue, 1)
    const stale = readFileSync(
      segmentPath(queue.spool.folder, segmentOf(queue, other?.envelope.ulid ?? newUlid(0))),
    )
    appendFileSync(path, stale)
  }
  forgetIndex(folder.path)
  using queue = await open(folder.path)
  expect(await recover(queue)).toMatchObject({ reindexed: 2 })
})

const segmentName = (path: string): Ulid => (path.split('/').at(-1) ?? '').slice(0, 26) as Ulid
