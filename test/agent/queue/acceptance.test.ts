import { expect, test } from '@jest/globals'
import { openQueue } from '../../../src/agent/queue/open-queue.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

test('an instance is queued for its destination once it is accepted', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const instance = await spoolInstance(queue.spool)
  expect(await queue.acceptance.accept(instance)).toBe('new')
  expect(queue.deliveries.unconfirmed('center', 10)).toMatchObject([
    { ulid: instance.envelope.ulid, state: 'queued', sopInstanceUid: instance.envelope.sopInstanceUid },
  ])
})

test('the same bytes again are known and queued once, also when both come at the same moment', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const same = { dataSet: Buffer.alloc(100, 1), sopInstanceUid: '1.2.3' }
  const twins = await Promise.all([spoolInstance(queue.spool, same), spoolInstance(queue.spool, same)])
  const outcomes = await Promise.all(twins.map((twin) => queue.acceptance.accept(twin)))
  expect(outcomes.toSorted()).toEqual(['known', 'new'])
  expect(queue.deliveries.counts('center').queued).toBe(1)
})

test('the same UID with other bytes is kept beside the first and flagged as a conflict', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const uids = { sopInstanceUid: '1.2.3', studyInstanceUid: '1.2' }
  await queue.acceptance.accept(await spoolInstance(queue.spool, uids))
  expect(await queue.acceptance.accept(await spoolInstance(queue.spool, uids))).toBe('conflict')
  expect(queue.studies.get('center', '1.2')).toMatchObject({ instances: 2, conflicts: 1 })
})

test('a hundred instances at once are all accepted', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const instances = await Promise.all(Array.from({ length: 100 }, () => spoolInstance(queue.spool)))
  await Promise.all(instances.map((instance) => queue.acceptance.accept(instance)))
  expect(queue.deliveries.counts('center').queued).toBe(100)
})
