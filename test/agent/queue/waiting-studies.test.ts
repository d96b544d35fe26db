import { expect, test } from '@jest/globals'
import { openQueue } from '../../../src/agent/queue/open-queue.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { newUid, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

test('unconfirmed instances are counted by study, and one that is held tells the reason', async () => {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  for (const studyInstanceUid of ['1.1', '1.2', '1.1', '1.1'])
    await queue.acceptance.accept(
      await spoolInstance(queue.spool, { studyInstanceUid, dataSet: Buffer.from(newUid()) }),
    )
  expect(queue.deliveries.waitingStudies('center', 1)).toMatchObject([{ studyInstanceUid: '1.1' }])
  const [, second] = queue.deliveries.ofStudy('center', '1.1')
  if (second === undefined) throw new Error('no second instance')
  queue.damage.record([{ ulid: second.ulid, failure: new Failure('SPOOL_FILE_MISSING', 'gone') }])
  const sealedBytes = queue.deliveries.ofStudy('center', '1.1').reduce((sum, row) => sum + row.sealedBytes, 0)
  expect(queue.deliveries.waitingStudies('center', 10)).toMatchObject([
    {
      studyInstanceUid: '1.1',
      instances: 3,
      sealedBytes,
      held: 1,
      queued: 2,
      sending: 0,
      delivered: 0,
      state: 'held',
      reasonCode: 'SPOOL_FILE_MISSING',
    },
    { studyInstanceUid: '1.2', instances: 1, held: 0, queued: 1, state: 'queued', reasonCode: null },
  ])
  expect(queue.deliveries.waitingStudies('elsewhere', 10)).toEqual([])
})
