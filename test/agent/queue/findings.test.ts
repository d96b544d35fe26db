import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { recoverSpool } from '../../../src/agent/queue/recovery/recover-spool.ts'
import type { Observed } from '../../../src/agent/queue/spool/sealed-instance.ts'
import type { Finding } from '../../../src/dicom/check/check-findings.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { closeByHand } from '../../support/clocks/close-by-hand.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { newUid, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const CENTER = 'center'
const LIMITS = { bytes: 1e9, members: 1000 }
const HOLD = new Failure('CHECK_HELD', 'checking an instance: found pixelLength')

const open = (folder: string): Promise<Queue> => openQueue(folder, new ManualClock(), [CENTER])

async function accept(queue: Queue, studyInstanceUid: string, observed?: Observed): Promise<string> {
  const instance = await spoolInstance(queue.spool, { studyInstanceUid })
  await queue.acceptance.accept({ ...instance, ...(observed && { observed }) })
  return instance.envelope.ulid
}

const found = (...findings: Finding[]): Observed => ({ findings })

test('findings are counted for each study and each device', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const [one, other] = [newUid(), newUid()]
  await accept(queue, one, found('pixelLength', 'characterSetMissing'))
  const ulid = await accept(queue, one, found('characterSetMissing'))
  await accept(queue, one)
  await accept(queue, other, found('oddLength'))
  expect(queue.findings.ofStudy(one)).toEqual([
    { finding: 'characterSetMissing', instances: 2 },
    { finding: 'pixelLength', instances: 1 },
  ])
  expect([one, other].map((study) => queue.findings.countInStudy(study))).toEqual([2, 1])
  expect(queue.findings.ofInstance(ulid)).toEqual(['characterSetMissing'])
  expect(queue.findings.totals()).toMatchObject([
    { callingAeTitle: 'CT1', finding: 'characterSetMissing', instances: 2 },
    { callingAeTitle: 'CT1', finding: 'oddLength', instances: 1 },
    { callingAeTitle: 'CT1', finding: 'pixelLength', instances: 1 },
  ])
})

test('the same bytes again are found odd once', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const like = { studyInstanceUid: newUid(), sopInstanceUid: newUid(), dataSet: Buffer.from('the same') }
  for (let i = 0; i < 2; i++) {
    const instance = await spoolInstance(queue.spool, like)
    await queue.acceptance.accept({ ...instance, observed: found('oddLength') })
  }
  expect(queue.findings.ofStudy(like.studyInstanceUid)).toEqual([{ finding: 'oddLength', instances: 1 }])
})

test('a held instance is not sent, not even by a retry, until it is released', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const study = newUid()
  const held = await accept(queue, study, { findings: ['pixelLength'], hold: HOLD })
  const free = await accept(queue, study)
  expect(queue.deliveries.retry(CENTER)).toMatchObject({ instances: 1 })
  expect(queue.packs.formNext(CENTER, LIMITS)?.header.members.map(({ ulid }) => ulid)).toEqual([free])
  expect(queue.findings.quarantined(CENTER, 10)).toMatchObject([
    { ulid: held, studyInstanceUid: study, callingAeTitle: 'CT1', findings: ['pixelLength'] },
  ])
  expect(queue.deliveries.counts(CENTER)).toMatchObject({ held: 1, sending: 1 })

  expect(await queue.findings.release(CENTER, { ulid: free })).toBe(0)
  expect(await queue.findings.release(CENTER, { ulid: held })).toBe(1)
  expect(queue.packs.formNext(CENTER, LIMITS)?.header.members.map(({ ulid }) => ulid)).toEqual([held])
  expect(queue.findings.quarantined(CENTER, 10)).toEqual([])
  expect(queue.findings.ofInstance(held)).toEqual(['pixelLength'])
})

test('all of a study is released at once, that of another is not', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const [one, other] = [newUid(), newUid()]
  for (const study of [one, one, other]) await accept(queue, study, { findings: ['oddLength'], hold: HOLD })
  expect(await queue.findings.release(CENTER, { studyInstanceUid: one })).toBe(2)
  expect(queue.findings.quarantined(CENTER, 10).map((row) => row.studyInstanceUid)).toEqual([other])
})

test('a study that was closed without what was held is open again after the release', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const study = newUid()
  const held = await accept(queue, study, { findings: ['oddLength'], hold: HOLD })
  await accept(queue, study)
  const { header } = queue.packs.formNext(CENTER, LIMITS) ?? {}
  const outcomes = (header?.members ?? []).map(({ ulid }) => ({ ulid, outcome: 'delivered' as const }))
  queue.packs.settle(CENTER, header?.pack ?? '', outcomes)
  closeByHand(queue, study)
  expect(queue.studies.get(CENTER, study)?.state).toBe('closed')
  await queue.findings.release(CENTER, { ulid: held })
  expect(queue.studies.get(CENTER, study)?.state).toBe('open')
})

test('a held instance is still held after a restart', async () => {
  using folder = tempFolder()
  const first = await open(folder.path)
  await accept(first, newUid(), { findings: ['pixelLength'], hold: HOLD })
  first[Symbol.dispose]()
  using queue = await open(folder.path)
  await recoverSpool(queue, Date.now(), silentLog)
  expect(queue.findings.quarantined(CENTER, 10)).toMatchObject([{ findings: ['pixelLength'] }])
})
