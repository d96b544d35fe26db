import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { expect, test } from '@jest/globals'
import { AcceptanceGroup } from '../../../src/agent/queue/acceptance.ts'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recovery/recover-spool.ts'
import { HeldFiles } from '../../../src/agent/queue/spool/held-files.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'
import { newUid, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

type TempFolder = ReturnType<typeof tempFolder>

const CENTER = 'center'
const DAY_MS = 86_400_000
const HOLD = new Failure('CHECK_HELD', 'checking an instance: found pixelLength')
const OBSERVED = { findings: ['pixelLength', 'oddLength'], hold: HOLD } as const

const open = (folder: string): Promise<Queue> => openQueue(folder, systemClock, [CENTER])
const recover = (queue: Queue, nowMs = Date.now()) =>
  recoverSpool({ ...queue, strayHeldMs: 7 * DAY_MS }, nowMs, silentLog)

async function accept(queue: Queue, studyInstanceUid: string, isHeld: boolean): Promise<Ulid> {
  const instance = await spoolInstance(queue.spool, { studyInstanceUid })
  await queue.acceptance.accept(isHeld ? { ...instance, observed: OBSERVED } : instance)
  return instance.envelope.ulid
}

function loseIndex(folder: TempFolder): void {
  for (const name of readdirSync(folder.path)) if (name.startsWith('queue.sqlite')) rmSync(folder.join(name))
}

const heldOf = (queue: Queue): string[] => queue.findings.quarantined(CENTER, 100).map(({ ulid }) => ulid)

/** Held, released and free instances of several studies; the index is then lost. */
async function loseAfterRelease(folder: TempFolder) {
  using queue = await open(folder.path)
  const studies = [newUid(), newUid(), newUid()] as const
  const held = [await accept(queue, studies[0], true), await accept(queue, studies[1], true)]
  const released = await accept(queue, studies[1], true)
  const ofStudy = [await accept(queue, studies[2], true), await accept(queue, studies[2], true)]
  const free = await accept(queue, studies[0], false)
  await queue.findings.release(CENTER, { ulid: released })
  await queue.findings.release(CENTER, { studyInstanceUid: studies[2] })
  loseIndex(folder)
  return {
    held,
    mayGo: [released, ...ofStudy, free].toSorted(),
    paths: held.map((it) => queue.spool.heldPathOf(it)),
  }
}

const mayGo = (queue: Queue): string[] =>
  queue.deliveries
    .unconfirmed(CENTER, 100)
    .filter(({ state }) => state !== 'held')
    .map(({ ulid }) => ulid)
    .toSorted()

test('with the index lost nothing that a check holds may go, and all that was released may', async () => {
  using folder = tempFolder()
  const lost = await loseAfterRelease(folder)
  using queue = await open(folder.path)
  await recover(queue)
  expect(heldOf(queue)).toEqual(lost.held)
  expect(mayGo(queue)).toEqual(lost.mayGo)
  expect(queue.findings.quarantined(CENTER, 1)).toMatchObject([{ findings: ['oddLength', 'pixelLength'] }])
  expect(queue.deliveries.unconfirmed(CENTER, 100).find(({ state }) => state === 'held')).toMatchObject({
    reasonCode: 'CHECK_HELD',
    reason: HOLD.message,
  })
  queue.deliveries.retry(CENTER)
  expect(heldOf(queue)).toEqual(lost.held)
})

test('control: the same check sees an instance go whose file that holds it back was removed', async () => {
  using folder = tempFolder()
  const lost = await loseAfterRelease(folder)
  rmSync(lost.paths[0] ?? '')
  using queue = await open(folder.path)
  await recover(queue)
  expect(heldOf(queue)).toEqual(lost.held.slice(1))
  expect(mayGo(queue)).toContain(lost.held[0])
})

const unreadable: [string, (path: string) => void][] = [
  ['empty', (path) => writeFileSync(path, '')],
  ['cut off', (path) => writeFileSync(path, '{"format":"ferry-held/1","co')],
  ['no JSON at all', (path) => writeFileSync(path, Buffer.alloc(5000, 0xff))],
  ['of a later format', (path) => writeFileSync(path, '{"format":"ferry-held/9"}')],
  ['a folder', (path) => (rmSync(path), mkdirSync(path))],
  ['a link to nowhere', (path) => (rmSync(path), symlinkSync('/nowhere/at/all', path))],
  ['not to be opened', (path) => chmodSync(path, 0)],
]

test.each(unreadable)('a file that holds an instance back does so, too, if it is %s', async (_, spoil) => {
  using folder = tempFolder()
  const lost = await loseAfterRelease(folder)
  spoil(lost.paths[0] ?? '')
  using queue = await open(folder.path)
  await recover(queue)
  expect(heldOf(queue)).toEqual(lost.held)
  expect(mayGo(queue)).toEqual(lost.mayGo)
  expect(await queue.findings.release(CENTER, { ulid: lost.held[0] ?? '' })).toBe(1)
  expect(existsSync(lost.paths[0] ?? '')).toBe(false)
})

test('an index from before an instance was held does not let it go', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const ulid = await accept(queue, newUid(), false)
  await queue.held.write(ulid, { ...OBSERVED, findings: ['pixelLength'] }, 1)
  await recover(queue)
  expect(queue.findings.quarantined(CENTER, 10)).toMatchObject([
    { ulid, findings: ['pixelLength'], since: 1 },
  ])
})

test('a release that was cut short after its first half is undone at the next start, in the spool too', async () => {
  using folder = tempFolder()
  const ulid = await (async () => {
    using queue = await open(folder.path)
    const held = await accept(queue, newUid(), true)
    await queue.held.release([held])
    await recover(queue)
    expect(heldOf(queue)).toEqual([held])
    loseIndex(folder)
    return held
  })()
  using queue = await open(folder.path)
  await recover(queue)
  expect(queue.findings.quarantined(CENTER, 10)).toMatchObject([
    { ulid, findings: ['oddLength', 'pixelLength'] },
  ])
})

test('an instance whose verdict cannot be written down is refused, and the index does not know it', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  class FullDisk extends HeldFiles {
    override async write(): Promise<boolean> {
      throw new Failure('STORAGE_FULL', 'writing: no space left')
    }
  }
  const acceptance = new AcceptanceGroup(queue.spool, queue.lateRows, new FullDisk(queue.spool))
  const instance = await spoolInstance(queue.spool)
  await expect(acceptance.accept({ ...instance, observed: OBSERVED })).rejects.toMatchObject({
    code: 'STORAGE_FULL',
  })
  expect(queue.deliveries.unconfirmed(CENTER, 10)).toEqual([])
})

test('a file that holds nothing back goes after the retention time, and not while its instance is needed', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const stray = (await spoolInstance(queue.spool)).envelope.ulid
  await queue.held.write(stray, OBSERVED, Date.now())
  const needed = await accept(queue, newUid(), true)
  for (const ulid of [stray, needed]) rmSync(queue.spool.placeOf(ulid).path)
  const left = () => [stray, needed].map((ulid) => existsSync(queue.spool.heldPathOf(ulid)))
  await recover(queue)
  expect(left()).toEqual([true, true])
  const longAgo = new Date(Date.now() - 8 * DAY_MS)
  for (const ulid of [stray, needed]) utimesSync(queue.spool.heldPathOf(ulid), longAgo, longAgo)
  await recover(queue)
  expect(left()).toEqual([false, true])
})

test('a spool file takes along what held it back', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const ulid = await accept(queue, newUid(), true)
  await queue.spool.remove(ulid)
  expect(
    [queue.spool.placeOf(ulid).path, queue.spool.heldPathOf(ulid)].map((path) => existsSync(path)),
  ).toEqual([false, false])
})

test('a folder of the spool that cannot be listed stops the start, since it may hold instances back', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  rmSync(folder.join('spool/07'), { recursive: true })
  writeFileSync(folder.join('spool/07'), 'not a folder')
  await expect(recover(queue)).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
})
