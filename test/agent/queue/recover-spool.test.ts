import { readdirSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recover-spool.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { spoolInstance } from '../../support/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const open = (folder: string): Promise<Queue> => openQueue(folder, systemClock, ['center'])
const recover = (queue: Queue) => recoverSpool(queue.spool, queue.index, Date.now(), silentLog)

async function acceptSome(queue: Queue, count: number) {
  const instances = await Promise.all(Array.from({ length: count }, () => spoolInstance(queue.spool)))
  await Promise.all(instances.map((instance) => queue.acceptance.accept(instance)))
  return instances
}

function forgetIndex(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith('queue.sqlite')) rmSync(`${folder}/${name}`)
}

test('an index that was lost is rebuilt from the spool, and everything is queued again', async () => {
  using folder = tempFolder()
  {
    using queue = await open(folder.path)
    await acceptSome(queue, 25)
  }
  forgetIndex(folder.path)
  using queue = await open(folder.path)
  expect(await recover(queue)).toEqual({ reindexed: 25, unfinished: 0, doubtful: [], missing: [] })
  expect(queue.deliveries.counts('center').queued).toBe(25)
})

test('a file that was never finished is removed, and what was accepted stays', async () => {
  using folder = tempFolder()
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

test('a complete file that was not yet taken on counts as accepted', async () => {
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
