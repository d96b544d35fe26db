import { cpSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DEFAULT_LIMITS } from '../../src/center/center.ts'
import { FileInstanceStore } from '../../src/center/store/file-instance-store.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { startProgram } from '../support/programs/child-process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { DiskClinic } from './support/disk-clinic.ts'
import { describeWithSmallDisks, SmallDisk } from './support/disk-mount.ts'
import { type DiskFault, DiskShim, describeWithDiskShim } from './support/disk-shim.ts'

describeWithSmallDisks('a center without room', () => {
  test('a center without room says that it is busy; the agent keeps its instances, and goes on when there is room again', async () => {
    await using clinic = await DiskClinic.open()
    const folder = join(clinic.clinic.folder, 'center')
    await clinic.clinic.stopCenter()
    renameSync(folder, `${folder}.moved`)
    using disk = new SmallDisk(folder, 'size=32m')
    cpSync(`${folder}.moved`, folder, { recursive: true })
    await clinic.clinic.startCenter()
    disk.fill(100_000)
    await using device = await clinic.device()
    for (let i = 0; i < 5; i++) expect(await device.store(500_000)).toBe('0000')
    const { center } = await until(
      () => clinic.status(),
      (status) => status.center.trouble !== null,
    )
    expect(center.trouble).toMatchObject({ reasonCode: 'CENTER_BUSY' })
    expect(clinic.absentFromSpool()).toEqual([])
    disk.clean()
    expect(await clinic.absentFromCenter()).toEqual([])
    expect((await clinic.status()).deliveries).toMatchObject({ confirmed: 5, held: 0 })
    await clinic.clinic.stopCenter()
  })
})

test('an instance that was being stored when syncing a folder failed is never called durable at the center', async () => {
  using folder = tempFolder()
  const store = new FileInstanceStore(folder.path)
  const create = (sopInstanceUid: string) =>
    store.create({ studyInstanceUid: '1.1', seriesInstanceUid: '1.2', sopInstanceUid, ulid: '1.3' })
  const before = await create('1.4')
  await before.finish()
  await expect(store.syncNames(['no/such/folder.dcm'])).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
  await expect(store.syncNames([before.file])).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
  await before.discard()
  const again = await create('1.4')
  await again.finish()
  await expect(store.syncNames([again.file])).resolves.toBeUndefined()
})

const faults: [string, Omit<DiskFault, 'path'>, string][] = [
  ['room ends while a pack is received', { operation: 'write', error: 'ENOSPC' }, 'packs/*'],
  ['syncing a pack fails', { operation: 'sync', error: 'EIO' }, 'packs/*'],
  ['room ends while a pack is opened', { operation: 'write', error: 'ENOSPC' }, 'instances/*.dcm'],
  ['syncing an instance fails', { operation: 'sync', error: 'EIO' }, 'instances/*.dcm'],
  ['syncing the folder of an instance fails', { operation: 'sync', error: 'EIO' }, 'instances/*/*[!m]'],
]

describeWithDiskShim('a center whose disk fails', () => {
  test('nothing is confirmed while storing fails in any of its steps, and all of it is confirmed once after that', async () => {
    using shim = new DiskShim()
    await using clinic = await DiskClinic.open()
    const folder = join(clinic.clinic.folder, 'center')
    const { port } = clinic.clinic.center
    await clinic.clinic.stopCenter()
    const options = {
      folder,
      listen: { host: '127.0.0.1', port },
      name: 'Test center',
      limits: { ...DEFAULT_LIMITS, reserveBytes: 0 },
      logLevel: 'none',
    }
    const file = join(clinic.clinic.folder, 'center.json')
    await using center = await startProgram('run-center', file, options, { wrapper: shim.wrapper })
    await using device = await clinic.device()
    for (const [i, [, fault, files]] of faults.entries()) {
      const before = shim.hits(fault.operation).length
      shim.set({ ...fault, path: join(folder, files) })
      expect(await device.store(200_000)).toBe('0000')
      await until(
        () => shim.hits(fault.operation).length,
        (hits) => hits > before,
      )
      expect((await clinic.status()).deliveries).toMatchObject({ confirmed: i })
      shim.set()
      expect(await clinic.absentFromCenter()).toEqual([])
    }
    await until(
      async () => (await clinic.status()).deliveries,
      ({ confirmed }) => confirmed === faults.length,
    )
    expect(storedAtCenter(folder)).toHaveLength(faults.length)
    await center.stop()
  })
})
