import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { change, wipe } from '../support/instances/spooled.ts'
import { DiskClinic } from './support/disk-clinic.ts'
import { type DiskFault, DiskShim, describeWithDiskShim } from './support/disk-shim.ts'

/** The last number: bytes of an instance. The longer one gets a file of its own. */
const faults: [string, DiskFault['operation'], string, number][] = [
  ['writing a segment', 'write', 'spool/seg/*.seg', 200_000],
  ['syncing a segment', 'sync', 'spool/seg/*.seg', 200_000],
  ['writing a file of its own', 'write', 'spool/*.ferry', 5_000_000],
  ['syncing a file of its own', 'sync', 'spool/*.ferry', 5_000_000],
  ['syncing the folder of a file of its own', 'sync', 'spool/??', 5_000_000],
]

describeWithDiskShim('a disk with I/O errors', () => {
  test.concurrent.each(faults)(
    'an instance is refused when %s fails, no device is let in, an alarm is raised, and all ends without a restart',
    async (_what, operation, files, bytes) => {
      using shim = new DiskShim()
      await using clinic = await DiskClinic.open({ wrapper: shim.wrapper })
      await using device = await clinic.device()
      expect(await device.store(bytes)).toBe('0000')
      shim.set({ operation, error: 'EIO', path: join(clinic.dataFolder, files) })
      expect(await device.store(bytes)).toBe('a700 STORAGE_ERROR')
      expect(await clinic.door()).toBe('rejected 2/3/1')
      expect(await clinic.alarms()).toEqual(['STORAGE_ERROR'])
      expect(await clinic.logs('storage takes nothing')).toMatchObject([
        { level: 'error', code: 'STORAGE_ERROR' },
      ])
      expect(clinic.spooled()).toHaveLength(1)
      shim.set()
      await clinic.letsIn()
      expect(await clinic.alarms()).toEqual([])
      expect(await device.store(bytes)).toBe('0000')
      // Once: neither was the fault missed, nor the operation tried again on the same file.
      expect(shim.hits(operation)).toHaveLength(1)
      expect(clinic.absentFromSpool()).toEqual([])
      expect(clinic.spooled()).toHaveLength(2)
      expect(await clinic.absentFromCenter()).toEqual([])
    },
  )

  test('an instance that was half here when syncing a folder failed is refused, though the next sync succeeds', async () => {
    using shim = new DiskShim()
    await using clinic = await DiskClinic.open({ wrapper: shim.wrapper })
    await using first = await clinic.device()
    await using second = await clinic.device()
    const pause = Promise.withResolvers<void>()
    const half = second.store(12_000_000, pause.promise)
    await clinic.ownFilesAre(1)
    shim.set({ operation: 'sync', error: 'EIO', path: join(clinic.dataFolder, 'spool/??'), times: 1 })
    expect(await first.store(5_000_000)).toBe('a700 STORAGE_ERROR')
    pause.resolve()
    expect(await half).toBe('a700 STORAGE_ERROR')
    expect(await second.store(200_000)).toBe('0000')
    expect(shim.hits('sync')).toHaveLength(1)
    expect(clinic.spooled()).toHaveLength(1)
  })

  test('the checks of this suite notice a file that is gone, a byte that is wrong, and a shim that is not loaded', async () => {
    using shim = new DiskShim()
    await using clinic = await DiskClinic.open()
    await clinic.clinic.stopCenter()
    await using device = await clinic.device()
    shim.set({ operation: 'sync', error: 'EIO', path: '*' })
    expect(await device.store(1000)).toBe('0000')
    expect(await device.store(1000)).toBe('0000')
    expect(shim.hits('sync')).toEqual([])
    expect(clinic.absentFromSpool()).toEqual([])
    const [gone, wrong] = clinic.spooled()
    if (gone === undefined || wrong === undefined) throw new Error('two were taken')
    wipe(gone)
    expect(clinic.absentFromSpool()).toHaveLength(1)
    change(wrong, (bytes) => bytes.writeUInt8(bytes.readUInt8(600) ^ 1, 600))
    expect(clinic.absentFromSpool()).toHaveLength(2)
    await clinic.clinic.startCenter()
    expect(await clinic.absentFromCenter()).toHaveLength(2)
  })
})
