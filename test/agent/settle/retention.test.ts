import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { Retention } from '../../../src/agent/settle/retention.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { silentLog } from '../../../src/platform/log.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'
import { BELIEVED } from '../../support/believed-receipt.ts'
import { spoolInstance } from '../../support/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const DAY_MS = 86_400_000
const STUDY = '1.1'

async function deliverTwo(queue: Queue): Promise<[Ulid, Ulid]> {
  const instances = [
    await spoolInstance(queue.spool, { studyInstanceUid: STUDY }),
    await spoolInstance(queue.spool, { studyInstanceUid: STUDY }),
  ]
  for (const instance of instances) await queue.acceptance.accept(instance)
  const pack = queue.packs.formNext('center', { bytes: 1e6, members: 10 })
  const ulids = pack?.header.members.map(({ ulid }) => ulid) ?? []
  queue.packs.settle(
    'center',
    pack?.header.pack ?? '',
    ulids.map((ulid) => ({ ulid, outcome: 'delivered' })),
  )
  queue.studies.close('center', STUDY, 1, 'digest', 'jws')
  return [ulids[0] as Ulid, ulids[1] as Ulid]
}

function confirm(queue: Queue, ulid: Ulid): void {
  const [manifest] = queue.studies.manifestsDue('center')
  queue.studies.confirm('center', manifest as never, BELIEVED, [ulid], {
    at: Date.now(),
    pacs: 'none',
    pacsDueAt: 0,
  })
}

function retention(
  queue: Queue,
  daysLater: number,
  centerDaysLater: number | undefined,
  isWhole = true,
): Retention {
  const clock: Clock = { ...systemClock, now: () => Date.now() + daysLater * DAY_MS }
  const offset = centerDaysLater === undefined ? undefined : (centerDaysLater - daysLater) * DAY_MS
  const { retained, spool } = queue
  return new Retention({
    retained,
    spool,
    keepMs: 7 * DAY_MS,
    clockOffsetMs: () => offset,
    centerIsWhole: async () => isWhole,
    clock,
    log: silentLog,
  })
}

test('only what is confirmed is removed, and only after the retention time', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const [confirmed, delivered] = await deliverTwo(queue)
  confirm(queue, confirmed)
  expect(await retention(queue, 6, 6).removeDue(new AbortController().signal)).toBe(0)
  expect(await retention(queue, 8, 8).removeDue(new AbortController().signal)).toBe(1)
  expect(await queue.spool.has(confirmed)).toBe(false)
  expect(await queue.spool.has(delivered)).toBe(true)
})

test('a clock that jumps ahead removes nothing unless the clock of the center agrees', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const [confirmed] = await deliverTwo(queue)
  confirm(queue, confirmed)
  expect(await retention(queue, 3650, 0).removeDue(new AbortController().signal)).toBe(0)
  expect(await retention(queue, 3650, undefined).removeDue(new AbortController().signal)).toBe(0)
  expect(await retention(queue, 8, 3650).removeDue(new AbortController().signal)).toBe(1)
})

test('a removal is written down before the file goes, so that its absence is no alarm', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const [confirmed] = await deliverTwo(queue)
  confirm(queue, confirmed)
  await retention(queue, 8, 8).removeDue(new AbortController().signal)
  expect(queue.index.presentAfter('', 100)).not.toContain(confirmed)
})

test('a center that has lost what it had receipted, or cannot be asked, lets nothing be removed', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const [confirmed] = await deliverTwo(queue)
  confirm(queue, confirmed)
  const { signal } = new AbortController()
  expect(await retention(queue, 8, 8, false).removeDue(signal)).toBe(0)
  expect(await retention(queue, 8, 8, true).removeDue(signal)).toBe(1)
})
