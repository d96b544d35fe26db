import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { until } from '../support/clocks/until.ts'
import { soundInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { DiskClinic } from './support/disk-clinic.ts'
import { type DiskFault, DiskShim, describeWithDiskShim } from './support/disk-shim.ts'

const faults: [string, NonNullable<DiskFault['error']>, string][] = [
  ['has no room', 'ENOSPC', 'STORAGE_FULL'],
  ['has I/O errors', 'EIO', 'DATABASE_ERROR'],
]

describeWithDiskShim('a database that cannot be written while the spool can', () => {
  test.concurrent.each(faults)(
    'an instance is safe whose row is refused because the disk of the database %s, the next ones are refused and no device is let in; intake and sending go on without a restart',
    async (_what, error, code) => {
      using shim = new DiskShim()
      await using clinic = await DiskClinic.open({ wrapper: shim.wrapper })
      await using device = await clinic.device()
      const study = { studyInstanceUid: newUid() }
      expect(await device.resend(soundInstance(1000, study))).toBe('0000')
      shim.set({ operation: 'write', error, path: join(clinic.dataFolder, 'queue.sqlite*') })
      expect(await device.resend(soundInstance(1000, study))).toBe('0000')
      expect(await clinic.logs('storage takes nothing')).toMatchObject([{ level: 'error', code }])
      expect(await device.resend(soundInstance(1000, study))).toBe(`a700 ${code}`)
      expect(await device.store(1000)).toBe(`a700 ${code}`)
      expect(await clinic.door()).toBe('rejected 2/3/1')
      expect(await clinic.alarms()).toEqual([code])
      expect(shim.hits('write').length).toBeGreaterThan(0)
      expect(clinic.spooled()).toHaveLength(2)
      shim.set()
      await clinic.letsIn()
      expect(await clinic.alarms()).toEqual([])
      expect(await device.store(1000)).toBe('0000')
      expect(clinic.absentFromSpool()).toEqual([])
      expect(await clinic.absentFromCenter()).toEqual([])
      expect((await clinic.status()).deliveries.confirmed).toBe(3)
    },
  )

  test('a database that cannot be written is noticed when a device calls, before an instance comes to grief', async () => {
    using shim = new DiskShim()
    await using clinic = await DiskClinic.open({ wrapper: shim.wrapper })
    shim.set({ operation: 'write', error: 'ENOSPC', path: join(clinic.dataFolder, 'queue.sqlite*') })
    expect(await clinic.door()).toBe('rejected 2/3/1')
    expect(await clinic.alarms()).toEqual(['STORAGE_FULL'])
    shim.set()
    expect(await clinic.letsIn()).toBeLessThan(5000)
    expect(await clinic.alarms()).toEqual([])
  })

  test('nothing is confirmed while the log of the database cannot be synced, the spool is safe, and then sending goes on', async () => {
    using shim = new DiskShim()
    await using clinic = await DiskClinic.open({ wrapper: shim.wrapper })
    await using device = await clinic.device()
    shim.set({ operation: 'sync', error: 'EIO', path: join(clinic.dataFolder, 'queue.sqlite-wal') })
    expect(await device.store(1000)).toBe('0000')
    await until(
      () => shim.hits('sync').length,
      (hits) => hits > 0,
    )
    await clinic.logs('a part of the agent broke off and begins again')
    expect((await clinic.status()).deliveries).toMatchObject({ delivered: 1, confirmed: 0 })
    shim.set()
    expect(await clinic.absentFromCenter()).toEqual([])
    expect((await clinic.status()).deliveries).toMatchObject({ delivered: 0, confirmed: 1 })
    expect(clinic.absentFromSpool()).toEqual([])
  })
})
