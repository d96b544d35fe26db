import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const isOfDr1 = ({ callingAeTitle }: { callingAeTitle: string }): boolean => callingAeTitle === 'DR1'

const LIMITS = { bytes: 1_000_000, members: 100 }

async function accept(
  queue: Queue,
  studyInstanceUid: string,
  bytes = 1000,
  callingAeTitle = 'CT1',
): Promise<string> {
  const instance = await spoolInstance(queue.spool, {
    studyInstanceUid,
    callingAeTitle,
    dataSet: Buffer.alloc(bytes, Math.random() * 256),
  })
  await queue.acceptance.accept(instance)
  // Names of one millisecond are in the order of chance.
  for (const began = Date.now(); Date.now() === began; ) await setImmediate()
  return instance.envelope.ulid
}

test('a pack holds instances of one study only, the oldest first', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const first = await accept(queue, '1.1')
  await accept(queue, '1.2')
  const third = await accept(queue, '1.1')
  const pack = queue.packs.formNext('center', LIMITS)
  expect(pack?.header.study).toBe('1.1')
  expect(pack?.header.members.map(({ ulid }) => ulid)).toEqual([first, third].toSorted())
  expect(queue.packs.formNext('center', LIMITS)?.header.study).toBe('1.2')
  expect(queue.packs.formNext('center', LIMITS)).toBeUndefined()
})

test('the next pack is of a study with priority, of the newest study, or of the one that has waited longest', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'], undefined, undefined, isOfDr1)
  for (const study of ['1.1', '1.2', '1.3', '1.4']) await accept(queue, study)
  for (const study of ['2.1', '2.2']) await accept(queue, study, 1000, 'DR1')
  const formed = (['priority', 'priority', 'priority', 'newest', 'oldest'] as const).map((choice) => {
    const pack = queue.packs.formNext('center', LIMITS, [], choice)
    return pack && [pack.header.study, pack.hasPriority]
  })
  expect(formed).toEqual([['2.1', true], ['2.2', true], undefined, ['1.4', false], ['1.1', false]])
  const unfinished = queue.packs.unfinished('center').filter(({ hasPriority }) => hasPriority)
  expect(unfinished.map(({ header }) => header.study).toSorted()).toEqual(['2.1', '2.2'])
})

test('a pack stays within its limits, and one larger instance travels alone', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  for (let i = 0; i < 5; i++) await accept(queue, '1.1', 40_000)
  const limits = { bytes: 100_000, members: 100 }
  expect(queue.packs.formNext('center', limits)?.header.members).toHaveLength(2)
  expect(queue.packs.formNext('center', { bytes: 100, members: 100 })?.header.members).toHaveLength(1)
  expect(queue.packs.formNext('center', { ...limits, members: 1 })?.header.members).toHaveLength(1)
})

test('after a restart an unfinished pack is offered again with the same members and the same upload', async () => {
  using folder = tempFolder()
  let header: unknown
  {
    using queue = await openQueue(folder.path, systemClock, ['center'])
    await accept(queue, '1.1')
    await accept(queue, '1.1')
    const pack = queue.packs.formNext('center', LIMITS)
    header = pack?.header
    queue.packs.recordUpload(pack?.header.pack ?? '', '/v1/packs/7')
  }
  using queue = await openQueue(folder.path, systemClock, ['center'])
  expect(queue.packs.unfinished('center')).toEqual([{ header, uploadUrl: '/v1/packs/7', hasPriority: false }])
})

test('each member of a pack goes its own way: delivered, again later with a reason, or held for an operator', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  for (let i = 0; i < 3; i++) await accept(queue, '1.1')
  const pack = queue.packs.formNext('center', LIMITS)
  const [a = '', b = '', c = ''] = pack?.header.members.map(({ ulid }) => ulid) ?? []
  const later = Date.now() + 60_000
  queue.packs.settle('center', pack?.header.pack ?? '', [
    { ulid: a, outcome: 'delivered' },
    {
      ulid: b,
      outcome: 'again',
      failure: new Failure('DIGEST_MISMATCH', 'other bytes'),
      nextAttemptAt: later,
    },
    { ulid: c, outcome: 'held', failure: new Failure('INSTANCE_REFUSED', 'no') },
  ])
  expect(queue.packs.unfinished('center')).toEqual([])
  expect(queue.deliveries.ofStudy('center', '1.1')).toMatchObject([
    { ulid: a, state: 'delivered', reason: null },
    { ulid: b, state: 'queued', reasonCode: 'DIGEST_MISMATCH', nextAttemptAt: later },
    { ulid: c, state: 'held', reasonCode: 'INSTANCE_REFUSED', reason: 'no' },
  ])
  expect(queue.packs.formNext('center', LIMITS)).toBeUndefined()
  expect(queue.deliveries.nextDue('center')).toBe(later)
  expect(queue.deliveries.retry('center')).toMatchObject({ instances: 2 })
  expect(queue.packs.formNext('center', LIMITS)?.header.members).toHaveLength(2)
})
