import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { DAMAGES, flipByte, StoreClinic } from '../support/centers/store-clinic.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { passTimersUntil } from '../support/clocks/pass-time.ts'
import { until } from '../support/clocks/until.ts'
import { packOf } from '../support/instances/spool-file-fixture.ts'
import { RecordingLog } from '../support/recording-log.ts'

const DAY_MS = 24 * 3_600_000
/** Files of the fixture have some 2,600 bytes: four of them a second. */
const SLOW = { bytesPerSecond: 10_000, everyMs: DAY_MS }
const FAST = { bytesPerSecond: Number.POSITIVE_INFINITY, everyMs: DAY_MS }

async function scrubbed(
  clinic: StoreClinic,
  clock: ManualClock,
  passes: number,
  log: RecordingLog,
): Promise<void> {
  const done = (): number =>
    log.lines.filter(({ message }) => message === 'stored instances read through').length
  await passTimersUntil(clock, () => done() >= passes, 60_000)
}

test('the scrub finds a byte that changed in a stored file, and the instance is whole after an agent has sent it again', async () => {
  const [clock, log] = [new ManualClock(), new RecordingLog()]
  await using clinic = await StoreClinic.delivered(5, { clock, log, scrub: FAST })
  await scrubbed(clinic, clock, 1, log)
  expect(await clinic.center.desk.lost(10)).toEqual([])
  flipByte(clinic.path(3))
  const damaged = readFileSync(clinic.path(3))
  // Neither a look nor a receipt can see it.
  expect((await clinic.post(clinic.manifest().jws)).json).toHaveProperty('receipt')

  clock.advance(DAY_MS)
  await scrubbed(clinic, clock, 2, log)

  expect(await clinic.center.desk.lost(10)).toMatchObject([
    {
      sopInstanceUid: clinic.file(3).envelope.sopInstanceUid,
      reason: 'its bytes are not those that were stored',
    },
  ])
  expect((await clinic.post(clinic.manifest().jws)).json).toEqual({ missing: [clinic.file(3).envelope.ulid] })
  expect((await clinic.center.desk.status()).scrub).toMatchObject({
    startedAt: null,
    finishedChecked: 5,
    finishedLost: 1,
  })
  await clinic.agent.deliver(packOf([clinic.file(3)]))
  expect(await clinic.isWhole(3)).toBe(true)
  expect(readFileSync(clinic.path(3)).equals(damaged)).toBe(true)

  clock.advance(DAY_MS)
  await scrubbed(clinic, clock, 3, log)
  expect(await clinic.center.desk.lost(10)).toEqual([])
})

test('a lost instance whose file was brought back is taken back; one that was brought back changed is not', async () => {
  const [clock, log] = [new ManualClock(), new RecordingLog()]
  await using clinic = await StoreClinic.delivered(2, { clock, log, scrub: FAST })
  for (const index of [0, 1]) DAMAGES['is gone']?.(clinic.path(index))
  await clinic.post(clinic.manifest().jws)
  expect(await clinic.losses()).toBe(1)

  for (const index of [0, 1]) writeFileSync(clinic.path(index), clinic.file(index).part10)
  flipByte(clinic.path(1))
  await scrubbed(clinic, clock, 1, log)
  clock.advance(DAY_MS)
  await scrubbed(clinic, clock, 2, log)

  expect(await clinic.center.desk.lost(10)).toMatchObject([
    { sopInstanceUid: clinic.file(1).envelope.sopInstanceUid },
  ])
  expect(await clinic.losses()).toBe(2)
  expect((await clinic.post(clinic.manifest([clinic.file(0)]).jws)).json).toHaveProperty('receipt')
})

test('the scrub keeps to its pace, and goes on after a restart where it was', async () => {
  const [clock, log] = [new ManualClock(), new RecordingLog()]
  await using clinic = await StoreClinic.delivered(200, { clock, log, scrub: SLOW })
  const progress = async () => (await clinic.center.desk.status()).scrub
  // The pass at the start had nothing to read.
  clock.advance(DAY_MS)
  const startedMs = clock.monotonicMs()
  let half = await progress()
  await passTimersUntil(
    clock,
    async () => {
      half = await progress()
      return half.checked >= 100
    },
    500,
  )
  const bytes = clinic.files.slice(0, half.checked).reduce((sum, { part10 }) => sum + part10.length, 0)
  expect(clock.monotonicMs() - startedMs).toBeGreaterThan((bytes / SLOW.bytesPerSecond) * 1000 * 0.9)

  await clinic.center.close()
  const kept = await progress()
  await clinic.center.open()
  expect(kept.checked).toBeGreaterThanOrEqual(half.checked)
  await scrubbed(clinic, clock, 2, log)
  // Instances that were read before the restart are counted, and are not read once more.
  expect(await progress()).toMatchObject({ finishedChecked: 200, finishedLost: 0, startedAt: null })
  const total = clinic.files.reduce((sum, { part10 }) => sum + part10.length, 0)
  expect(total).toBeGreaterThan(bytes)
})

test('while the store is away the scrub and the daily look call nothing lost, and go on after it', async () => {
  const [clock, log] = [new ManualClock(), new RecordingLog()]
  await using clinic = await StoreClinic.delivered(3, { clock, log, scrub: FAST })
  await scrubbed(clinic, clock, 1, log)
  clinic.unmount()
  for (let minute = 0; minute < 60; minute++) {
    clock.advance(DAY_MS / 12)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await clinic.center.desk.lost(10)).toEqual([])
  clinic.mount()
  await scrubbed(clinic, clock, 2, log)
  expect(await clinic.center.desk.lost(10)).toEqual([])
  expect((await clinic.post(clinic.manifest().jws)).json).toHaveProperty('receipt')
})

test('files that are gone or cut off are found at the start, and once a day, however slow the scrub is', async () => {
  const [clock, log] = [new ManualClock(), new RecordingLog()]
  await using clinic = await StoreClinic.delivered(4, { clock, log, scrub: { ...SLOW, bytesPerSecond: 1 } })
  const lost = async (count: number) =>
    until(
      async () => {
        clock.advance(10_000)
        return clinic.center.desk.lost(10)
      },
      (all) => all.length === count,
    )
  await until(
    () => log.lines.map(({ message }) => message),
    (messages) => messages.includes('stored instances looked for'),
  )
  DAMAGES['is gone']?.(clinic.path(1))
  clock.advance(DAY_MS)
  await lost(1)

  await clinic.center.close()
  DAMAGES['is cut off']?.(clinic.path(2))
  await clinic.center.open()
  await lost(2)
  expect(await clinic.losses()).toBe(2)
})
