import { fdatasync, ftruncateSync, readFileSync, statSync, writevSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { segmentFileName } from '../../../src/agent/queue/segments/segment-format.ts'
import {
  type SegmentDisk,
  type SegmentEnd,
  SegmentLog,
} from '../../../src/agent/queue/segments/segment-log.ts'
import { walkRecords } from '../../../src/agent/queue/segments/walk-records.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'
import { sealInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const image = (bytes = 1000): Buffer[] => {
  const whole = sealInstance({ dataSet: Buffer.alloc(bytes, 7) }).bytes
  // In pieces, as it is given.
  return [whole.subarray(0, 500), whole.subarray(500)]
}

/** A disk whose calls fail or fall short while a switch is set. */
class FailingDisk implements SegmentDisk {
  full = false
  shortBy = 0
  syncFails = false
  truncateFails = false
  syncs = 0

  writev(descriptor: number, pieces: readonly Buffer[], position: number): number {
    const whole = Buffer.concat(pieces)
    if (this.full && this.shortBy === 0) throw systemError('ENOSPC')
    const taken = whole.subarray(0, whole.length - Math.min(this.shortBy, whole.length - 1))
    this.shortBy = 0
    return writevSync(descriptor, [taken], position)
  }

  truncate(descriptor: number, bytes: number): void {
    if (this.truncateFails) throw systemError('EIO')
    ftruncateSync(descriptor, bytes)
  }

  async datasync(descriptor: number): Promise<void> {
    this.syncs++
    if (this.syncFails) throw systemError('EIO')
    await promisify(fdatasync)(descriptor)
  }
}

const systemError = (code: string): Error => Object.assign(new Error(code), { code })

function openLog(folder: string, noteFails = false) {
  const disk = new FailingDisk()
  const notes: SegmentEnd[] = []
  const switches = { noteFails }
  const noteEnd = (end: SegmentEnd): void => {
    if (switches.noteFails) throw systemError('EIO')
    notes.push(end)
  }
  const log = new SegmentLog({ folder, newest: undefined, noteEnd, now: () => 1e12, disk })
  return { log, disk, notes, switches, [Symbol.dispose]: () => log[Symbol.dispose]() }
}

const found = (folder: string, name: Ulid | undefined) =>
  name === undefined ? [] : Array.from(walkRecords(folder, name, { verify: true }))

test('a group is one sync, and each of its images is found again as it was given', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  const images = [image(10), image(100_000), image(3000)]
  const { places, end } = await desk.log.append(images)
  const whole = readFileSync(join(folder.path, segmentFileName(end.segment)))
  expect(whole.length).toBe(end.end)
  expect(places.map(({ offset }) => offset % 4096)).toEqual([32, 32, 32])
  for (const [i, { offset }] of places.entries()) {
    const bytes = Buffer.concat(images[i] ?? [])
    expect(whole.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true)
  }
  expect(found(folder.path, end.segment)).toMatchObject(
    places.map(({ offset }) => ({ kind: 'record', offset })),
  )
  expect(desk.disk.syncs).toBe(1)
})

test('more images than one writev takes are written whole', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  const { end } = await desk.log.append(Array.from({ length: 600 }, () => image(10)))
  expect(found(folder.path, end.segment)).toHaveLength(600)
})

test('a write that takes less than it is given is continued', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  desk.disk.shortBy = 70_000
  const { end } = await desk.log.append([image(50_000), image(50_000)])
  expect(found(folder.path, end.segment)).toMatchObject([{ kind: 'record' }, { kind: 'record' }])
})

test('a disk that is full in the middle of a group leaves nothing of it, and the next group follows the last whole one', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  const first = await desk.log.append([image()])
  const path = join(folder.path, segmentFileName(first.end.segment))
  Object.assign(desk.disk, { full: true, shortBy: 6000 })
  await expect(desk.log.append([image(5000), image(5000)])).rejects.toMatchObject({ code: 'STORAGE_FULL' })
  expect(statSync(path).size).toBe(first.end.end)
  desk.disk.full = false
  const second = await desk.log.append([image()])
  expect(second.places).toEqual([{ segment: first.end.segment, offset: first.end.end + 32 }])
  expect(found(folder.path, first.end.segment)).toMatchObject([{ kind: 'record' }, { kind: 'record' }])
})

test('after a failed sync the segment is cut off, noted before the group is refused, and never written again', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  const first = await desk.log.append([image()])
  desk.disk.syncFails = true
  const refused = desk.log.append([image(), image()])
  await expect(refused).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
  expect(desk.notes).toEqual([first.end])
  // A start of the process sees what is in memory: nothing of the refused group may be whole there.
  expect(found(folder.path, first.end.segment)).toHaveLength(1)
  desk.disk.syncFails = false
  const second = await desk.log.append([image()])
  expect(second.end.segment > first.end.segment).toBe(true)
  expect(found(folder.path, first.end.segment)).toHaveLength(1)
})

test('control: without the cut a start after a failed sync would find the refused group whole', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  const first = await desk.log.append([image()])
  Object.assign(desk.disk, { syncFails: true, truncateFails: true })
  await expect(desk.log.append([image()])).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
  expect(found(folder.path, first.end.segment)).toHaveLength(2)
  // The note alone is enough then.
  expect(desk.notes).toEqual([first.end])
  const to = desk.notes[0]?.end ?? 0
  expect(Array.from(walkRecords(folder.path, first.end.segment, { to, verify: true }))).toHaveLength(1)
})

test('a segment that can be neither cut off nor noted stops all intake until one of both works', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path, true)
  const first = await desk.log.append([image()])
  Object.assign(desk.disk, { syncFails: true, truncateFails: true })
  await expect(desk.log.append([image()])).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
  desk.disk.syncFails = false
  await expect(desk.log.append([image()])).rejects.toThrow(/neither cut off nor noted/)
  desk.switches.noteFails = false
  const next = await desk.log.append([image()])
  expect(next.end.segment).not.toBe(first.end.segment)
  expect(desk.notes).toEqual([first.end])
})

test('a segment that is sealed takes no further group, and a new one has a later name even if the time does not change', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  const first = await desk.log.append([image()])
  desk.log.seal()
  expect(desk.log.current).toBeUndefined()
  const second = await desk.log.append([image()])
  expect([second.end.segment > first.end.segment, desk.log.current]).toEqual([true, second.end.segment])
})

test('a segment that is sealed while a group is written ends with that group', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  const writing = desk.log.append([image()])
  desk.log.seal()
  const { end } = await writing
  expect(desk.log.current).toBeUndefined()
  expect(found(folder.path, end.segment)).toHaveLength(1)
})

test('a segment of 64 MiB takes no further group', async () => {
  using folder = tempFolder()
  using desk = openLog(folder.path)
  const large = [Buffer.concat(image(8 * 1024 * 1024))]
  const first = await desk.log.append(Array.from({ length: 8 }, () => large))
  const second = await desk.log.append([image()])
  expect(second.end.segment).not.toBe(first.end.segment)
})
