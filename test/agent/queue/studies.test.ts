import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const LIMITS = { bytes: 1_000_000, members: 100 }
const STUDY = '1.1'

async function accept(queue: Queue): Promise<string> {
  const instance = await spoolInstance(queue.spool, { studyInstanceUid: STUDY })
  await queue.acceptance.accept(instance)
  return instance.envelope.ulid
}

async function deliver(queue: Queue): Promise<string> {
  const ulid = await accept(queue)
  const pack = queue.packs.formNext('center', LIMITS)
  queue.packs.settle('center', pack?.header.pack ?? '', [{ ulid, outcome: 'delivered' }])
  return ulid
}

function closeNext(queue: Queue) {
  const closing = queue.studies.toList('center', STUDY)
  const instances = queue.studies.instancesAfter('center', STUDY, '', 10)
  closeByHand(queue, STUDY, `digest ${closing.version}`, `jws ${closing.version}`)
  return { ...closing, instances }
}

test('a study is ready to be closed when all of it is delivered, and not while something is on its way', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  await deliver(queue)
  expect(queue.studies.readyToClose('center')).toEqual([{ studyInstanceUid: STUDY, hasPriority: false }])
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: STUDY }))
  expect(queue.studies.readyToClose('center')).toEqual([])
})

test('a late instance reopens a confirmed study, and the next manifest lists what is new and names the one before', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const first = await deliver(queue)
  expect(closeNext(queue)).toMatchObject({ version: 1, previousDigest: null })
  const [manifest] = queue.studies.manifestsDue('center')
  queue.studies.confirm('center', manifest as never, BELIEVED, [first], {
    at: Date.now(),
    keptFrom: Date.now(),
    pacs: 'none',
    pacsDueAt: 0,
  })
  expect(queue.studies.get('center', STUDY)).toMatchObject({ state: 'confirmed', confirmed: 1, pacs: 'none' })
  const second = await deliver(queue)
  expect(queue.studies.get('center', STUDY)).toMatchObject({ state: 'open', instances: 2, confirmed: 1 })
  const next = closeNext(queue)
  expect(next).toMatchObject({ version: 2, previousDigest: 'digest 1' })
  expect(next.instances.map(({ ulid }) => ulid)).toEqual([second])
})

test('a study that was confirmed without what the center refused is open again when an operator retries that', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  const first = await deliver(queue)
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: STUDY }))
  const { header } = queue.packs.formNext('center', LIMITS) ?? {}
  const failure = new Failure('INSTANCE_REFUSED', 'the center says: no')
  const held = (header?.members ?? []).map(({ ulid }) => ({ ulid, outcome: 'held' as const, failure }))
  queue.packs.settle('center', header?.pack ?? '', held)
  closeNext(queue)
  const [manifest] = queue.studies.manifestsDue('center')
  queue.studies.confirm('center', manifest as never, BELIEVED, [first], {
    at: Date.now(),
    keptFrom: Date.now(),
    pacs: 'none',
    pacsDueAt: 0,
  })
  expect(queue.deliveries.retry('center', STUDY)).toMatchObject({ instances: 1 })
  expect(queue.studies.get('center', STUDY)).toMatchObject({ state: 'open' })
})

test.each([
  ['delivered', true],
  ['queued', false],
])(
  'a receipt that comes when a late instance is %s confirms what it lists and leaves the study open',
  async (state, isDelivered) => {
    using folder = tempFolder()
    using queue = await openQueue(folder.path, systemClock, ['center'])
    const first = await deliver(queue)
    closeNext(queue)
    const [manifest] = queue.studies.manifestsDue('center')
    const late = await (isDelivered ? deliver(queue) : accept(queue))
    queue.studies.confirm('center', manifest as never, BELIEVED, [first], {
      at: Date.now(),
      keptFrom: Date.now(),
      pacs: 'none',
      pacsDueAt: 0,
    })
    expect(queue.studies.get('center', STUDY)?.state).toBe('open')
    expect(queue.deliveries.ofStudy('center', STUDY)).toMatchObject([
      { ulid: first, state: 'confirmed' },
      { ulid: late, state },
    ])
  },
)

test('a receipt that does not come leaves its reason and the next time', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  await deliver(queue)
  closeNext(queue)
  const later = Date.now() + 60_000
  queue.studies.postpone('center', STUDY, new Failure('CENTER_BUSY', 'too busy'), later)
  expect(queue.studies.manifestsDue('center')).toEqual([])
  expect(queue.studies.get('center', STUDY)).toMatchObject({
    reasonCode: 'CENTER_BUSY',
    nextAttemptAt: later,
  })
})
