import { expect, test } from '@jest/globals'
import { until } from '../support/clocks/until.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { DiskClinic } from './support/disk-clinic.ts'
import { describeWithSmallDisks, SmallDisk } from './support/disk-mount.ts'

describeWithSmallDisks('a file system that has made itself read-only', () => {
  test('a file system that turned read-only is noticed before an instance comes to grief, and used again when it can be written', async () => {
    using folder = tempFolder()
    using disk = new SmallDisk(folder.join('agent/spool'), 'size=32m')
    await using clinic = await DiskClinic.openIn(folder.path, 1_000_000)
    await using device = await clinic.device()
    // It gets a file of its own: while a segment is open for writing, nothing but the kernel itself can do this.
    expect(await device.store(5_000_000)).toBe('0000')
    await disk.makeReadOnly()
    await until(
      () => clinic.door(),
      (answer) => answer !== 'accepted',
    )
    expect(await clinic.door()).toBe('rejected 2/3/1')
    expect(await clinic.alarms()).toEqual(['STORAGE_ERROR'])
    expect(await device.store(1000)).toBe('a700 STORAGE_ERROR')
    expect(await clinic.logs('instance refused')).toHaveLength(1)
    disk.makeWritable()
    await clinic.letsIn()
    expect(await device.store(1000)).toBe('0000')
    expect(await clinic.alarms()).toEqual([])
    expect(clinic.spooled()).toHaveLength(2)
    expect(clinic.absentFromSpool()).toEqual([])
    expect(await clinic.absentFromCenter()).toEqual([])
  })
})
