import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { isHeldWhole } from '../../../src/agent/queue/known-copy.ts'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { Failure } from '../../../src/platform/failure.ts'
import type { Ulid } from '../../../src/protocol/ulid.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { EXPLICIT_LITTLE_ENDIAN } from '../../support/instances/spool-file-fixture.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const LIMITS = { bytes: 1_000_000, members: 100 }
const [OLD, NEW] = ['a'.repeat(64), 'b'.repeat(64)]
const BYTES = Buffer.from('the same bytes, again and again')
const DIGEST = createHash('sha256').update(BYTES).digest('hex')
const SAME = { studyInstanceUid: '1.1', sopInstanceUid: '1.1.1', dataSet: BYTES }

async function withQueue(look: (queue: Queue, clock: ManualClock) => Promise<void>): Promise<void> {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, ['center'])
  queue.ownCenter.take(OLD)
  await look(queue, clock)
}

async function takeOn(queue: Queue, like: Parameters<typeof spoolInstance>[1]) {
  return queue.acceptance.accept(await spoolInstance(queue.spool, like))
}

/** Sends what is due and lets the center say this of it. */
function deliver(queue: Queue, outcome: 'delivered' | 'held' = 'delivered', failure?: Failure): Ulid[] {
  const pack = queue.packs.formNext('center', LIMITS)
  const members = pack?.header.members ?? []
  const outcomes = members.map(({ ulid }) => ({ ulid, outcome, ...(failure && { failure }) }))
  queue.packs.settle('center', pack?.header.pack ?? '', outcomes)
  return members.map(({ ulid }) => ulid)
}

function confirm(queue: Queue, study: string, ulids: readonly Ulid[]): void {
  const { version } = queue.studies.toList('center', study)
  closeByHand(queue, study, `digest of ${study}, ${version}`)
  const [manifest] = queue.studies.manifestsDue('center')
  const confirmation = { at: 0, keptFrom: 0, pacs: 'none', pacsDueAt: 0 }
  queue.studies.confirm('center', manifest as never, BELIEVED, ulids, confirmation)
}

test('instances for a center that the agent has left are held, named and not sent, whatever is asked for', async () => {
  await withQueue(async (queue) => {
    await takeOn(queue, { studyInstanceUid: '1.1' })
    await takeOn(queue, { studyInstanceUid: '1.2' })
    const pack = queue.packs.formNext('center', LIMITS)
    await takeOn(queue, { studyInstanceUid: '1.3' })

    expect(queue.ownCenter.take(NEW)).toEqual({ held: 3, released: 0 })
    queue.deliveries.retry('center')

    expect(queue.deliveries.counts('center')).toEqual({
      queued: 0,
      sending: 0,
      delivered: 0,
      confirmed: 0,
      held: 3,
    })
    expect(queue.packs.formNext('center', LIMITS)).toBeUndefined()
    expect(queue.packs.isKnown(pack?.header.pack ?? '')).toBe(false)
    expect(queue.alarms.list()).toMatchObject([
      {
        code: 'OTHER_CENTER',
        subject: 'center',
        message: expect.stringMatching(/^3 sealed .* 3 studies: .*1\.2/),
      },
    ])
    expect(queue.ownCenter.take(NEW)).toEqual({ held: 0, released: 0 })
  })
})

test('the device that sends the same bytes again heals it: they are sealed for the new center and go', async () => {
  await withQueue(async (queue) => {
    expect(await takeOn(queue, SAME)).toBe('new')
    queue.ownCenter.take(NEW)

    expect(
      await isHeldWhole(queue, {
        sopInstanceUid: '1.1.1',
        dataSetSha256: DIGEST,
        transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
      }),
    ).toBe(false)
    expect(await takeOn(queue, SAME)).toBe('healed')

    expect(queue.deliveries.counts('center')).toMatchObject({ queued: 1, held: 0 })
    expect(queue.alarms.list()).toEqual([])
    confirm(queue, '1.1', deliver(queue))
    expect(queue.deliveries.counts('center')).toMatchObject({ confirmed: 1 })
  })
})

test('an instance that the old center confirmed stays confirmed, is not asked of the new one, and is taken again from the device', async () => {
  await withQueue(async (queue) => {
    await takeOn(queue, SAME)
    confirm(queue, '1.1', deliver(queue))
    expect(queue.receipted.list('center', 10)).toHaveLength(1)
    queue.ownCenter.take(NEW)

    expect(queue.receipted.list('center', 10)).toEqual([])
    expect(queue.studies.manifestsDue('center')).toEqual([])
    expect(queue.deliveries.counts('center')).toMatchObject({ confirmed: 1, held: 0 })
    expect(await takeOn(queue, SAME)).toBe('new')
    const ulids = deliver(queue)
    expect(queue.studies.instancesAfter('center', '1.1', '', 10).map(({ ulid }) => ulid)).toEqual(ulids)
    confirm(queue, '1.1', ulids)
    queue.receipted.offerAgain('center', [{ studyInstanceUid: '1.1', digest: 'digest of 1.1, 2' }])
    expect(queue.deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 1 })
  })
})

test('a study that waited for its receipt from the old center is not posted to the new one', async () => {
  await withQueue(async (queue) => {
    await takeOn(queue, { studyInstanceUid: '1.1' })
    deliver(queue)
    closeByHand(queue, '1.1')
    queue.ownCenter.take(NEW)

    expect(queue.studies.manifestsDue('center')).toEqual([])
    expect(queue.studies.nextDue('center')).toBeUndefined()
    expect(queue.studies.readyToClose('center')).toEqual([])
    expect(queue.deliveries.counts('center')).toMatchObject({ held: 1 })
  })
})

test('an agent that comes back to its old center sends what it had kept for it', async () => {
  await withQueue(async (queue) => {
    await takeOn(queue, { studyInstanceUid: '1.1' })
    queue.ownCenter.take(NEW)
    await takeOn(queue, { studyInstanceUid: '1.2' })

    expect(queue.ownCenter.take(OLD)).toEqual({ held: 1, released: 1 })

    expect(queue.packs.formNext('center', LIMITS)?.header.study).toBe('1.1')
    expect(queue.alarms.list()).toMatchObject([{ message: expect.stringContaining('1.2') }])
  })
})

test('an index that was rebuilt counts as sealed for the center of today: a center that cannot open it says so', async () => {
  await withQueue(async (queue) => {
    await takeOn(queue, SAME)
    deliver(queue, 'held', new Failure('AGE_NO_KEY', 'the center says: none of our keys'))

    expect(queue.alarms.list()).toMatchObject([
      { code: 'AGE_NO_KEY', subject: 'center', message: expect.stringContaining('1.1') },
    ])
    expect(await takeOn(queue, SAME)).toBe('healed')
    confirm(queue, '1.1', deliver(queue))
    expect(queue.alarms.list()).toEqual([])
  })
})

test('the key that the center lacked is back: what was refused goes after a retry, and the alarm with it', async () => {
  await withQueue(async (queue) => {
    await takeOn(queue, SAME)
    deliver(queue, 'held', new Failure('AGE_NO_KEY', 'the center says: none of our keys'))
    queue.deliveries.retry('center')
    confirm(queue, '1.1', deliver(queue))

    expect(queue.deliveries.counts('center')).toMatchObject({ confirmed: 1, held: 0 })
    expect(queue.alarms.list()).toEqual([])
  })
})
