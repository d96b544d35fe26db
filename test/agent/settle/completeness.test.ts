import { setImmediate } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { Completeness } from '../../../src/agent/settle/completeness.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { newUid, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const HOUR_MS = 3_600_000
const KEYED = 'keyed '
const otherUids = (uid: string): string[] => [KEYED + uid]

interface Desk extends AsyncDisposable {
  queue: Queue
  completeness: Completeness
  arrive: (sopInstanceUid: string, studyInstanceUid?: string) => Promise<void>
  /** The device ends a step that made these instances. */
  end: (step: string, sopInstanceUids: readonly string[], studyInstanceUid?: string) => void
  /** Time passes, and whatever it sets off has happened. */
  pass: (ms: number) => Promise<void>
  alarms: () => { subject: string; message: string }[]
}

async function openDesk(): Promise<Desk> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const clock = new ManualClock()
  const queue = stack.use(await openQueue(folder.path, clock, ['center']))
  const { procedureSteps: steps, alarms } = queue
  const completeness = new Completeness({
    steps,
    otherUids,
    patienceMs: HOUR_MS,
    alarms,
    clock,
    log: silentLog,
  })
  const stop = new AbortController()
  const running = completeness.run(stop.signal)
  stack.defer(async () => {
    stop.abort(new Error('over'))
    await running
  })
  return {
    queue,
    completeness,
    arrive: async (sopInstanceUid, studyInstanceUid = newUid()) => {
      await queue.acceptance.accept(await spoolInstance(queue.spool, { sopInstanceUid, studyInstanceUid }))
    },
    end: (step, sopInstanceUids, studyInstanceUid = '1.2') => {
      const series = [{ seriesInstanceUid: '1.2.9', sopInstanceUids }]
      const said = { modality: 'CT', studyInstanceUids: [studyInstanceUid] }
      steps.create('CT1', step, { ...said, state: 'inProgress', series: undefined })
      steps.set('CT1', step, { ...said, state: 'completed', series })
      completeness.wake()
    },
    pass: async (ms) => {
      clock.advance(ms)
      completeness.wake()
      for (let turn = 0; turn < 20; turn++) await setImmediate()
    },
    alarms: () => alarms.list().filter(({ code }) => code === 'STUDY_INCOMPLETE'),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

test('an announced step whose instances came is complete, whether they came before or after', async () => {
  await using desk = await openDesk()
  await desk.arrive('1.2.9.1')
  desk.end('1.2.77', ['1.2.9.1', '1.2.9.2'])
  await desk.pass(0)
  expect(await desk.completeness.list(10)).toMatchObject([{ announced: 2, arrived: 1, completeAt: null }])
  await desk.arrive('1.2.9.2')
  await desk.pass(0)
  expect(await desk.completeness.list(10)).toMatchObject([
    { announced: 2, arrived: 2, completeAt: expect.any(Number) },
  ])
  await desk.pass(2 * HOUR_MS)
  expect(desk.alarms()).toEqual([])
})

test('an announced instance that stays away is an alarm after an hour and not before, and the alarm ends when it comes', async () => {
  await using desk = await openDesk()
  desk.end('1.2.77', ['1.2.9.1', '1.2.9.2'])
  await desk.arrive('1.2.9.1')
  await desk.pass(HOUR_MS - 1)
  expect(desk.alarms()).toEqual([])
  await desk.pass(1)
  expect(desk.alarms()).toMatchObject([
    {
      subject: 'CT1 1.2',
      message: '2 instances announced, 1 came; missing: 1 of series 1.2.9',
    },
  ])
  await desk.arrive('1.2.9.2')
  await desk.pass(60_000)
  expect(desk.alarms()).toEqual([])
})

test('an alarm that a person has put away does not come back, and the difference stays on view', async () => {
  await using desk = await openDesk()
  desk.end('1.2.77', ['1.2.9.1'])
  await desk.pass(HOUR_MS)
  expect(desk.alarms()).toHaveLength(1)
  desk.queue.procedureSteps.putAway()
  desk.queue.alarms.putAway('STUDY_INCOMPLETE')
  await desk.pass(HOUR_MS)
  expect(desk.alarms()).toEqual([])
  expect(desk.completeness.ofStudy('1.2')).toMatchObject([{ announced: 1, arrived: 0, alarm: 'putAway' }])
})

test('a copy without identity counts as the announced instance, known by its other UID', async () => {
  await using desk = await openDesk()
  await desk.arrive(`${KEYED}1.2.9.1`)
  desk.end('1.2.77', ['1.2.9.1'])
  await desk.pass(HOUR_MS)
  expect(await desk.completeness.list(10)).toMatchObject([{ announced: 1, arrived: 1 }])
  expect(desk.alarms()).toEqual([])
})

test('a step that its device has not ended raises no alarm however long it takes', async () => {
  await using desk = await openDesk()
  const series = [{ seriesInstanceUid: '1.2.9', sopInstanceUids: ['1.2.9.1'] }]
  const said = { modality: 'CT', studyInstanceUids: ['1.2'], series }
  desk.queue.procedureSteps.create('CT1', '1.2.77', { ...said, state: 'inProgress' })
  await desk.pass(48 * HOUR_MS)
  expect(desk.alarms()).toEqual([])
  expect(await desk.completeness.list(10)).toMatchObject([{ state: 'inProgress', announced: 1, arrived: 0 }])
  // The control: ended, the same step is one.
  desk.queue.procedureSteps.set('CT1', '1.2.77', { ...said, state: 'discontinued', series: undefined })
  await desk.pass(HOUR_MS)
  expect(desk.alarms()).toHaveLength(1)
})

test('steps are forgotten after 90 days', async () => {
  await using desk = await openDesk()
  desk.end('1.2.77', [])
  await desk.pass(89 * 24 * HOUR_MS)
  expect(await desk.completeness.list(10)).toHaveLength(1)
  await desk.pass(2 * 24 * HOUR_MS)
  expect(await desk.completeness.list(10)).toEqual([])
})
