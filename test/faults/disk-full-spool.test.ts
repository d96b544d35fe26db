import { expect, test } from '@jest/globals'
import { until } from '../support/clocks/until.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { DiskClinic } from './support/disk-clinic.ts'
import { describeWithSmallDisks, SmallDisk } from './support/disk-mount.ts'

const MIB = 1024 * 1024
/** Length of an instance that gets a file of its own. */
const LARGE = 4.5 * MIB

describeWithSmallDisks('a disk that is full', () => {
  test('no device is let in below the reserve, open associations finish from it, and room that returns is used at once', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=32m')
    await using clinic = await DiskClinic.openIn(disk.path, 8 * MIB)
    await using device = await clinic.device()
    expect(await device.store(MIB)).toBe('0000')
    disk.fill(7 * MIB)
    await until(
      () => clinic.door(),
      (answer) => answer !== 'accepted',
    )
    expect(await clinic.door()).toBe('rejected 2/3/1')
    expect(await clinic.alarms()).toEqual(['STORAGE_FULL'])
    const fromReserve = [await device.store(MIB), await device.store(MIB), await device.store(MIB)]
    expect(fromReserve).toEqual(['0000', '0000', '0000'])
    disk.fill(0)
    expect(await device.store(MIB)).toBe('a700 STORAGE_FULL')
    expect(await device.store(MIB)).toBe('a700 STORAGE_FULL')
    expect(clinic.spooled()).toHaveLength(4)
    expect(clinic.absentFromSpool()).toEqual([])
    disk.clean()
    expect(await clinic.letsIn()).toBeLessThan(5000)
    expect(await device.store(MIB)).toBe('0000')
    expect(await clinic.alarms()).toEqual([])
    expect(clinic.absentFromSpool()).toEqual([])
    expect(await clinic.absentFromCenter()).toEqual([])
  })

  test('a disk without names for new files is treated as a full one', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('disk'), 'size=64m,nr_inodes=1500')
    await using clinic = await DiskClinic.openIn(disk.path, 8 * MIB)
    await using device = await clinic.device()
    expect(await device.store(LARGE)).toBe('0000')
    disk.fillNames(500)
    await until(
      () => clinic.door(),
      (answer) => answer !== 'accepted',
    )
    expect(await clinic.door()).toBe('rejected 2/3/1')
    expect(await clinic.alarms()).toEqual(['STORAGE_FULL'])
    expect(await device.store(LARGE)).toBe('0000')
    disk.fillNames(0)
    expect(await device.store(LARGE)).toBe('a700 STORAGE_FULL')
    disk.clean()
    expect(await clinic.letsIn()).toBeLessThan(5000)
    expect(await device.store(LARGE)).toBe('0000')
    expect(await clinic.alarms()).toEqual([])
    expect(clinic.spooled()).toHaveLength(3)
    expect(clinic.absentFromSpool()).toEqual([])
  })
})
