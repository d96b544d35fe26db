import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recovery/recover-spool.ts'
import { filePath, segmentPath } from '../../../src/agent/queue/spool/spool-names.ts'
import { PackSource } from '../../../src/agent/send/pack-source.ts'
import { SegmentCare } from '../../../src/agent/settle/segment-care.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { newUlid, type Ulid } from '../../../src/protocol/ulid.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { recordInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const DAY_MS = 86_400_000

async function openDesk(folder: string, instances = 4) {
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const queue = await openQueue(folder, clock, ['center'])
  const recorded = await Promise.all(
    Array.from({ length: instances }, () => recordInstance(queue, { dataSet: randomBytes(50_000) })),
  )
  const name = queue.segments.placeOf(recorded[0]?.envelope.ulid ?? newUlid(0))?.segment ?? newUlid(0)
  return {
    clock,
    queue,
    recorded,
    ulids: recorded.map(({ envelope }) => envelope.ulid),
    segment: segmentPath(queue.spool.folder, name),
    care: new SegmentCare({ ...queue, clock, log: silentLog }),
    [Symbol.dispose]: () => queue[Symbol.dispose](),
  }
}

async function bytesInSpool(queue: Queue, ulid: Ulid): Promise<Buffer> {
  await using image = await queue.spool.openImage(ulid)
  return Buffer.concat(await Array.fromAsync(queue.spool.range(ulid, 0, image.bytes)))
}

test('a segment goes with the last of its instances, and not before', async () => {
  using folder = tempFolder()
  using desk = await openDesk(folder.path)
  const [last, ...others] = desk.ulids
  expect(await desk.care.tidy(false)).toBe(0)
  desk.queue.retained.markRemoved(others)
  expect(await desk.care.tidy(false)).toBe(0)
  expect(existsSync(desk.segment)).toBe(true)
  desk.queue.retained.markRemoved([last as Ulid])
  expect(await desk.care.tidy(false)).toBeGreaterThan(4 * 4096)
  expect(existsSync(desk.segment)).toBe(false)
  expect(desk.queue.segments.all()).toEqual([])
})

test('a segment with instances that wait for their rows is kept, even if all others are removed', async () => {
  using folder = tempFolder()
  using desk = await openDesk(folder.path, 1)
  desk.queue.retained.markRemoved(desk.ulids)
  // The index takes no rows: those of the next instances wait on.
  const { queue } = desk
  const write = queue.lateRows.write.bind(queue.lateRows)
  Object.assign(queue.lateRows, {
    settle: () => {},
    write: () => {
      throw new Error('the index takes no rows')
    },
  })
  const late = await recordInstance(queue)
  expect(await desk.care.tidy(false)).toBe(0)
  expect(existsSync(desk.segment)).toBe(true)
  Object.assign(queue.lateRows, { write })
  write()
  expect((await bytesInSpool(queue, late.envelope.ulid)).equals(late.bytes)).toBe(true)
})

test('an instance that keeps a segment for over a day is moved into a file of its own, byte for byte', async () => {
  using folder = tempFolder()
  using desk = await openDesk(folder.path)
  const { queue, recorded, clock } = desk
  const [kept] = recorded
  if (kept === undefined) throw new Error('one')
  const { ulid } = kept.envelope
  const pack = { pack: newUlid(0), study: '1.2', members: [{ ulid, bytes: kept.bytes.length }] }
  const source = PackSource.of(pack, queue.spool)
  const before = Buffer.concat(await Array.fromAsync(source.range(0, source.bytes)))
  queue.retained.markRemoved(desk.ulids.slice(1))
  clock.advance(DAY_MS - 1)
  await desk.care.tidy(false)
  expect(existsSync(desk.segment)).toBe(true)
  clock.advance(1)
  await desk.care.tidy(false)
  expect(existsSync(desk.segment)).toBe(false)
  expect(readFileSync(filePath(queue.spool.folder, ulid)).equals(kept.bytes)).toBe(true)
  // A pack under way goes on with the same bytes.
  const after = Buffer.concat(await Array.fromAsync(source.range(0, source.bytes)))
  expect(after.equals(before)).toBe(true)
})

test('while the disk is short of room a segment is emptied at once, if that frees more than it takes', async () => {
  using folder = tempFolder()
  using desk = await openDesk(folder.path)
  desk.queue.retained.markRemoved(desk.ulids.slice(3))
  await desk.care.tidy(true)
  expect(existsSync(desk.segment)).toBe(true)
  desk.queue.retained.markRemoved(desk.ulids.slice(1, 3))
  expect(await desk.care.tidy(true)).toBeGreaterThan(0)
  expect([existsSync(desk.segment), await desk.queue.spool.has(desk.ulids[0] as Ulid)]).toEqual([false, true])
})

test('a damaged instance is not moved: it is reported, and its segment stays as it is', async () => {
  using folder = tempFolder()
  using desk = await openDesk(folder.path)
  const { queue, ulids } = desk
  const [kept] = ulids
  const { offset = 0 } = queue.segments.placeOf(kept as Ulid) ?? {}
  const bytes = readFileSync(desk.segment)
  bytes.fill(0, offset + 700, offset + 720)
  writeFileSync(desk.segment, bytes)
  queue.retained.markRemoved(ulids.slice(1))
  desk.clock.advance(DAY_MS)
  await desk.care.tidy(false)
  expect(readFileSync(desk.segment).equals(bytes)).toBe(true)
  expect(existsSync(filePath(queue.spool.folder, kept as Ulid))).toBe(false)
  expect(queue.alarms.list()).toMatchObject([{ code: 'SPOOL_FILE_DAMAGED' }])
})

test.each([
  ['before its file is whole', 700, true],
  ['before the index has the new place', Number.POSITIVE_INFINITY, true],
  ['before the segment is removed', Number.POSITIVE_INFINITY, false],
])('a move that a crash interrupts %s leaves the instance whole', async (_, written, isBeforeIndex) => {
  using folder = tempFolder()
  using copy = tempFolder()
  using desk = await openDesk(folder.path)
  const { queue, recorded, ulids } = desk
  const [kept] = recorded
  if (kept === undefined) throw new Error('one')
  const { ulid } = kept.envelope
  queue.retained.markRemoved(ulids.slice(1))
  writeFileSync(filePath(queue.spool.folder, ulid), kept.bytes.subarray(0, written), { mode: 0o600 })
  if (!isBeforeIndex) queue.segments.movedOut(ulid)
  cpSync(folder.path, copy.path, { recursive: true })
  using again = await openQueue(copy.path, desk.clock, ['center'])
  const nowMs = desk.clock.now()
  expect(await recoverSpool(again, nowMs, silentLog)).toMatchObject({
    reindexed: 0,
    doubtful: [],
    missing: [],
  })
  expect((await bytesInSpool(again, ulid)).equals(kept.bytes)).toBe(true)
  // And it is moved then.
  desk.clock.advance(DAY_MS)
  await new SegmentCare({ ...again, clock: desk.clock, log: silentLog }).tidy(false)
  expect(existsSync(join(copy.path, 'spool', 'seg', desk.segment.split('/').at(-1) ?? ''))).toBe(false)
  expect((await bytesInSpool(again, ulid)).equals(kept.bytes)).toBe(true)
})
