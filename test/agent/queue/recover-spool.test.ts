import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recovery/recover-spool.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { newUlid } from '../../../src/protocol/ulid.ts'
import { until } from '../../support/clocks/until.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { type SpooledInstance, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const open = (folder: string): Promise<Queue> => openQueue(folder, systemClock, ['center'])
const recover = (queue: Queue) => recoverSpool(queue, Date.now(), silentLog)

async function acceptSome(queue: Queue, count: number) {
  const instances = await Promise.all(Array.from({ length: count }, () => spoolInstance(queue.spool)))
  await Promise.all(instances.map((instance) => queue.acceptance.accept(instance)))
  return instances
}

function forgetIndex(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('queue.sqlite')) rmSync(`${folder}/${name}`)
}

test('an index that was lost is rebuilt from the spool, and the center is to be asked before anything is sent', async () => {
  using folder = tempFolder()
  {
    using queue = await open(folder.path)
    await acceptSome(queue, 25)
  }
  forgetIndex(folder.path)
  using queue = await open(folder.path)
  expect(await recover(queue)).toMatchObject({ reindexed: 25, forgotten: 25, doubtful: [] })
  expect(queue.deliveries.counts('center')).toMatchObject({ queued: 0, delivered: 25 })
  expect(queue.deliveries.unconfirmed('center', 1)).toMatchObject([{ reasonCode: 'INDEX_REBUILT' }])
})

test('a file that was never finished is removed, and what was accepted stays', async () => {
  using folder = tempFolder()
  ;(await open(folder.path))[Symbol.dispose]()
  using queue = await open(folder.path)
  const [accepted] = await acceptSome(queue, 1)
  const cutOff = await spoolInstance(queue.spool)
  truncateSync(cutOff.path, 700)
  expect(await recover(queue)).toMatchObject({ reindexed: 0, unfinished: 1 })
  expect(await queue.spool.has(cutOff.envelope.ulid)).toBe(false)
  expect(await queue.spool.has(accepted?.envelope.ulid ?? cutOff.envelope.ulid)).toBe(true)
})

test('a file that was finished once and does not read any more is kept and reported', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  await acceptSome(queue, 1)
  const rotten = await spoolInstance(queue.spool)
  const bytes = readFileSync(rotten.path)
  writeFileSync(rotten.path, bytes.fill(0xff, 0, 12))
  expect(await recover(queue)).toMatchObject({ unfinished: 0, doubtful: [rotten.envelope.ulid] })
  expect(await queue.spool.has(rotten.envelope.ulid)).toBe(true)
})

test('with an index that knows nothing no file is removed, since it may have been accepted and have rotted', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const cutOff = await spoolInstance(queue.spool)
  truncateSync(cutOff.path, 700)
  expect(await recover(queue)).toMatchObject({ unfinished: 0, doubtful: [cutOff.envelope.ulid] })
  expect(await queue.spool.has(cutOff.envelope.ulid)).toBe(true)
})

test('a complete file that the index did not list yet counts as accepted', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  await acceptSome(queue, 1)
  await spoolInstance(queue.spool)
  expect(await recover(queue)).toMatchObject({ reindexed: 1, unfinished: 0 })
})

test('an accepted instance whose file is gone is reported', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const [first] = await acceptSome(queue, 3)
  unlinkSync(first?.path ?? '')
  expect((await recover(queue)).missing).toEqual([first?.envelope.ulid])
})

test('a second copy with the same bytes is let go, the first is kept', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const same = { dataSet: Buffer.alloc(500, 7), sopInstanceUid: '1.2.3' }
  const first = await spoolInstance(queue.spool, same)
  await queue.acceptance.accept(first)
  const second = await spoolInstance(queue.spool, same)
  expect(await recover(queue)).toMatchObject({ reindexed: 0, missing: [] })
  expect(await queue.spool.has(first.envelope.ulid)).toBe(true)
  expect(await queue.spool.has(second.envelope.ulid)).toBe(false)
})

test('the whole one of two files with the same bytes is kept, whichever came first', async () => {
  using folder = tempFolder()
  const same = { dataSet: Buffer.alloc(500, 7), sopInstanceUid: '1.2.3' }
  const spooled: SpooledInstance[] = []
  {
    using queue = await open(folder.path)
    for (let i = 0; i < 2; i++) spooled.push(await spoolInstance(queue.spool, same))
  }
  const [rotten, whole] = spooled.toSorted((a, b) => a.path.localeCompare(b.path))
  if (rotten === undefined || whole === undefined) throw new Error('two were spooled')
  const bytes = readFileSync(rotten.path)
  writeFileSync(rotten.path, bytes.fill(0xff, 700, 701))
  using queue = await open(folder.path)
  await recover(queue)
  expect(queue.deliveries.unconfirmed('center', 10)).toMatchObject([{ ulid: whole.envelope.ulid }])
  expect(await queue.spool.has(rotten.envelope.ulid)).toBe(true)
  expect(queue.alarms.list()).toEqual([])
})

test('after a rebuild the later of two versions is the conflict, as it was', async () => {
  using folder = tempFolder()
  const ulids: string[] = []
  {
    using queue = await open(folder.path)
    for (let i = 0; i < 5; i++) {
      const instance = await spoolInstance(queue.spool, { sopInstanceUid: '1.2.3', studyInstanceUid: '1.1' })
      ulids.push(instance.envelope.ulid)
      // The next one arrives in another millisecond, and perhaps its file is in another folder.
      const arrived = Date.now()
      await until(
        () => Date.now(),
        (now) => now > arrived,
      )
    }
  }
  using queue = await open(folder.path)
  await recover(queue)
  expect(queue.deliveries.ofStudy('center', '1.1').map(({ ulid }) => ulid)).toEqual(ulids)
  expect(queue.studies.get('center', '1.1')).toMatchObject({ instances: 5, conflicts: 4 })
})

test('with an older copy of the index nothing is removed and nothing sent before the center was asked', async () => {
  using folder = tempFolder()
  const copy = folder.join('copy')
  {
    using queue = await open(folder.path)
    await acceptSome(queue, 2)
  }
  copyFileSync(folder.join('queue.sqlite'), copy)
  let cutOff: SpooledInstance | undefined
  {
    using queue = await open(folder.path)
    const [, last] = await acceptSome(queue, 2)
    cutOff = last
  }
  if (cutOff === undefined) throw new Error('two were accepted')
  truncateSync(cutOff.path, 700)
  copyFileSync(copy, folder.join('queue.sqlite'))
  const tomorrow = Date.now() + 86_400_000
  {
    using queue = await open(folder.path)
    const { ulid } = cutOff.envelope
    const recovery = await recoverSpool(queue, tomorrow, silentLog)
    expect(recovery).toMatchObject({ reindexed: 1, forgotten: 1, unfinished: 0, doubtful: [ulid] })
    expect(queue.deliveries.counts('center')).toMatchObject({ queued: 0, delivered: 3 })
  }
  using queue = await open(folder.path)
  // Also at the start after that, when the index and the spool agree in all else.
  expect(await recoverSpool(queue, tomorrow, silentLog)).toMatchObject({
    unfinished: 0,
    doubtful: [cutOff.envelope.ulid],
  })
  expect(queue.alarms.list()).toMatchObject([{ code: 'SPOOL_FILE_INVALID', subject: 'spool' }])
  unlinkSync(cutOff.path)
  await recover(queue)
  expect(queue.alarms.list()).toEqual([])
})

test('a file that comes back, with the volume that it lies on, goes again', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const [instance] = await acceptSome(queue, 1)
  const path = instance?.path ?? ''
  renameSync(path, folder.join('away'))
  queue.damage.record([
    { ulid: instance?.envelope.ulid ?? newUlid(0), failure: new Failure('SPOOL_FILE_MISSING', 'gone') },
  ])
  await recover(queue)
  expect(queue.alarms.list()).toMatchObject([{ code: 'SPOOL_FILE_MISSING' }])
  expect(queue.deliveries.counts('center')).toMatchObject({ held: 1, queued: 0 })
  renameSync(folder.join('away'), path)
  await recover(queue)
  expect(queue.alarms.list()).toEqual([])
  expect(queue.deliveries.counts('center')).toMatchObject({ held: 0, queued: 1 })
})

test('a file that was removed after retention raises no alarm, though an older copy of the index does not know of the removal', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const [instance] = await acceptSome(queue, 1)
  const manifest = { studyInstanceUid: '', version: 1, digest: '', part: 1, attempts: 0, pacs: null }
  const ulids = [instance?.envelope.ulid ?? '']
  queue.studies.confirm('center', manifest, BELIEVED, ulids, {
    at: 1,
    keptFrom: 1,
    pacs: 'none',
    pacsDueAt: 1,
  })
  unlinkSync(instance?.path ?? '')
  expect(await recover(queue)).toMatchObject({ missing: [] })
  expect([queue.alarms.list(), queue.index.presentAfter('', 1)]).toEqual([[], []])
})
