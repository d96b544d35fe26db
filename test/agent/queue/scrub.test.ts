import { readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { Scrub } from '../../../src/agent/queue/recovery/scrub.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { passTimersUntil } from '../../support/clocks/pass-time.ts'
import { until } from '../../support/clocks/until.ts'
import { BELIEVED } from '../../support/instances/believed-receipt.ts'
import { type SpooledInstance, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const FIRST_AFTER_MS = 10 * 60_000
const DAY_MS = 86_400_000
const MIB = 1024 * 1024

interface Scene extends AsyncDisposable {
  queue: Queue
  clock: ManualClock
  /** How often a pass has come to its end. */
  passes: () => number
  isBusy: boolean
}

async function openScene(): Promise<Scene> {
  const stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const clock = new ManualClock()
  const queue = stack.use(await openQueue(folder.path, clock, ['center']))
  const end = new AbortController()
  let passes = 0
  const log = { ...silentLog, info: () => void passes++ }
  const scene = { queue, clock, passes: () => passes, isBusy: false }
  const scrub = new Scrub({ ...queue, isBusy: () => scene.isBusy, clock, log })
  const running = scrub.run(end.signal)
  stack.defer(async () => {
    end.abort(new Error('the test is over'))
    await running
  })
  return Object.assign(scene, { [Symbol.asyncDispose]: () => stack.disposeAsync() })
}

async function accept(queue: Queue, bytes = 100_000): Promise<SpooledInstance> {
  const instance = await spoolInstance(queue.spool, { dataSet: Buffer.alloc(bytes, Math.random() * 256) })
  await queue.acceptance.accept(instance)
  return instance
}

function flip({ path }: SpooledInstance, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes.at(at) ?? 0) ^ 1
  writeFileSync(path, bytes)
}

/** Lets time pass, from one timer to the next, until this many passes are done. */
const untilPass = ({ clock, passes }: Scene, count: number): Promise<void> =>
  passTimersUntil(clock, () => passes() >= count)

const statesOf = ({ deliveries }: Queue) =>
  Object.fromEntries(
    deliveries
      .unconfirmed('center', 100)
      .map(({ ulid, state, reasonCode }) => [ulid, `${state} ${reasonCode}`]),
  )

test('a file that rotted or is gone is found before it is sent: held, with the reason, and one alarm', async () => {
  await using scene = await openScene()
  const { queue } = scene
  const [good, flipped, gone] = [await accept(queue), await accept(queue), await accept(queue)]
  flip(flipped, 50_000)
  unlinkSync(gone.path)
  await untilPass(scene, 1)
  expect(statesOf(queue)).toEqual({
    [good.envelope.ulid]: 'queued null',
    [flipped.envelope.ulid]: 'held SPOOL_FILE_DAMAGED',
    [gone.envelope.ulid]: 'held SPOOL_FILE_MISSING',
  })
  const alarms = queue.alarms.list().map(({ code, subject, message }) => `${code} ${subject} ${message}`)
  expect(alarms.toSorted()).toEqual([
    'SPOOL_FILE_DAMAGED spool 1 accepted and not confirmed, of 1 studies: send them again from the device',
    'SPOOL_FILE_MISSING spool 1 accepted and not confirmed, of 1 studies: send them again from the device',
  ])
})

test('the spool is looked through again every day, and what is confirmed is left alone', async () => {
  await using scene = await openScene()
  const { queue, clock } = scene
  const [first, confirmed] = [await accept(queue), await accept(queue)]
  const manifest = { studyInstanceUid: '', version: 1, digest: '', part: 1, attempts: 0, pacs: null }
  const believed = { at: 1, keptFrom: 1, pacs: 'none', pacsDueAt: 1 }
  queue.studies.confirm('center', manifest, BELIEVED, [confirmed.envelope.ulid], believed)
  flip(confirmed, 500)
  await untilPass(scene, 1)
  expect(queue.alarms.list()).toEqual([])
  flip(first, 500)
  const before = clock.monotonicMs()
  await untilPass(scene, 2)
  expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(DAY_MS)
  expect(queue.alarms.list()).toMatchObject([{ code: 'SPOOL_FILE_DAMAGED' }])
})

test('it reads 8 MiB a second at most, and nothing while devices send', async () => {
  await using scene = await openScene()
  const { queue, clock } = scene
  for (let i = 0; i < 4; i++) await accept(queue, 2 * MIB)
  scene.isBusy = true
  clock.advance(FIRST_AFTER_MS)
  for (let i = 0; i < 20; i++) {
    await until(
      () => clock.nextTimerMs,
      (ms) => ms !== undefined,
    )
    clock.advance(clock.nextTimerMs ?? 0)
  }
  expect(scene.passes()).toBe(0)
  scene.isBusy = false
  const before = clock.monotonicMs()
  await untilPass(scene, 1)
  expect(clock.monotonicMs() - before).toBeGreaterThan(800)
})
