import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { until } from '../support/clocks/until.ts'
import { DiskClinic } from './support/disk-clinic.ts'
import { DiskShim, describeWithDiskShim } from './support/disk-shim.ts'

/** Returns the result of the work, and after how many ms it came. */
async function timed<Value>(work: Promise<Value>): Promise<{ value: Value; ms: number }> {
  const since = performance.now()
  const value = await work
  return { value, ms: performance.now() - since }
}

describeWithDiskShim('a disk that takes long to sync', () => {
  test('an instance whose sync takes 10 s is answered after it, and so are those that come meanwhile; a long one and a person are served', async () => {
    using shim = new DiskShim()
    await using clinic = await DiskClinic.open({ wrapper: shim.wrapper })
    await using slow = await clinic.device()
    await using quick = await clinic.device()
    shim.set({
      operation: 'sync',
      delayMs: 10_000,
      times: 1,
      path: join(clinic.dataFolder, 'spool/seg/*.seg'),
    })
    const slowly = timed(slow.store(200_000))
    await until(
      () => shim.hits('sync').length,
      (hits) => hits === 1,
    )
    const others = await timed(Promise.all([quick.store(5_000_000), clinic.door(), clinic.alarms()]))
    expect(others.value).toEqual(['0000', 'accepted', []])
    expect(others.ms).toBeLessThan(5000)
    expect(clinic.acknowledged).toHaveLength(1)
    const next = timed(quick.store(200_000))
    const { value, ms } = await slowly
    expect(value).toBe('0000')
    expect(ms).toBeGreaterThanOrEqual(10_000)
    expect((await next).value).toBe('0000')
    expect(await slow.store(1000)).toBe('0000')
    expect(clinic.absentFromSpool()).toEqual([])
  })

  test('no device is answered before the folder is synced, and no association is given up', async () => {
    using shim = new DiskShim()
    await using clinic = await DiskClinic.open({ wrapper: shim.wrapper })
    const devices = await Promise.all(Array.from({ length: 6 }, () => clinic.device()))
    shim.set({ operation: 'sync', delayMs: 3000, times: 1, path: join(clinic.dataFolder, 'spool/??') })
    const answers = await Promise.all(devices.map((device) => timed(device.store(5_000_000))))
    expect(answers.map(({ value }) => value)).toEqual(Array(6).fill('0000'))
    expect(Math.min(...answers.map(({ ms }) => ms))).toBeGreaterThanOrEqual(2900)
    expect(shim.hits('sync')).toHaveLength(1)
    const again = await Promise.all(devices.map((device) => device.store(1000)))
    expect(again).toEqual(Array(6).fill('0000'))
    expect(clinic.absentFromSpool()).toEqual([])
    await Promise.all(devices.map((device) => device[Symbol.asyncDispose]()))
  })
})
