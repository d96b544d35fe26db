import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
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
const AGAIN = {
  failure: new Failure('CENTER_ERROR', 'gone'),
  nextAttemptAt: 0,
  lost: new Failure('CENTER_LOST', 'gone for ever'),
}

/** An instance of a study that the center has receipted. */
async function confirmed(queue: Queue, clock: ManualClock, study: string, dataSet?: Buffer): Promise<Ulid> {
  const like = {
    studyInstanceUid: study,
    ...(dataSet === undefined ? {} : { dataSet, sopInstanceUid: '1.9' }),
  }
  await queue.acceptance.accept(await spoolInstance(queue.spool, like))
  const pack = queue.packs.formNext('center', LIMITS)
  const [member] = pack?.header.members ?? []
  const ulid = member?.ulid as Ulid
  queue.packs.settle('center', pack?.header.pack ?? '', [{ ulid, outcome: 'delivered' }])
  const { version } = queue.studies.toList('center', study)
  closeByHand(queue, study, `digest of ${study}, ${version}`)
  const [manifest] = queue.studies.manifestsDue('center')
  const confirmation = { at: clock.now(), keptFrom: clock.now(), pacs: 'none', pacsDueAt: 0 }
  queue.studies.confirm('center', manifest as never, BELIEVED, [ulid], confirmation)
  clock.advance(1000)
  return ulid
}

test('receipted manifests are listed from the newest receipt back, all on which a confirmation rests', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, ['center'])
  for (const study of ['1.1', '1.2', '1.3', '1.1']) await confirmed(queue, clock, study)
  const first = queue.receipted.list('center', 2)
  expect(first).toMatchObject([
    { studyInstanceUid: '1.1', digest: 'digest of 1.1, 2', isKept: 1 },
    { studyInstanceUid: '1.3', digest: 'digest of 1.3, 1', isKept: 1 },
  ])
  expect(queue.receipted.list('center', 2, first[1])).toMatchObject([
    { studyInstanceUid: '1.2' },
    { studyInstanceUid: '1.1', digest: 'digest of 1.1, 1' },
  ])
  expect(queue.receipted.list('center', 2, queue.receipted.list('center', 9)[3])).toEqual([])
})

test('only a study whose receipt the center has forgotten is to be confirmed again', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, ['center'])
  await confirmed(queue, clock, '1.1')
  await confirmed(queue, clock, '1.2')
  queue.receipted.offerAgain('center', [{ studyInstanceUid: '1.1', digest: 'digest of 1.1, 1' }])
  expect(queue.deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 1 })
  expect(queue.studies.readyToClose('center')).toEqual([{ studyInstanceUid: '1.1', hasPriority: false }])
  expect(queue.receipted.onTheirWay('center')).toBe(1)
})

test('an instance that the center lacks goes again, and one that was removed here is held and named until a device sends it again', async () => {
  using folder = tempFolder()
  const clock = new ManualClock()
  using queue = await openQueue(folder.path, clock, ['center'])
  const dataSet = Buffer.alloc(100, 1)
  const removed = await confirmed(queue, clock, '1.1', dataSet)
  const kept = await confirmed(queue, clock, '1.1')
  queue.retained.markRemoved([removed])
  queue.receipted.offerAgain('center', [{ studyInstanceUid: '1.1', digest: 'digest of 1.1, 1' }])
  expect(
    queue.index.holds({
      sopInstanceUid: '1.9',
      dataSetSha256: sha256(dataSet),
      transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN,
    }),
  ).toBe(false)

  expect(queue.receipted.sendAgain('center', '1.1', [removed, kept], AGAIN)).toBe(1)
  expect(queue.packs.formNext('center', LIMITS)?.header.members).toMatchObject([{ ulid: kept }])
  expect(queue.deliveries.ofStudy('center', '1.1')).toMatchObject([
    { ulid: removed, state: 'held', reasonCode: 'CENTER_LOST' },
    { ulid: kept, state: 'sending' },
  ])
  expect(queue.alarms.list()).toMatchObject([
    { code: 'CENTER_LOST', message: expect.stringMatching(/1 that .* of 1 studies: 1\.1$/) },
  ])

  const again = await spoolInstance(queue.spool, { studyInstanceUid: '1.1', sopInstanceUid: '1.9', dataSet })
  await queue.acceptance.accept(again)
  expect(queue.alarms.list()).toEqual([])
})

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
