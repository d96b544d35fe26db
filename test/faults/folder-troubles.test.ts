import { chmodSync, existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { startAgent } from '../../src/agent/agent.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { part10File } from '../support/instances/part10-file.ts'
import { type Clinic, openClinic, testSettings } from '../support/programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithSmallDisks, SmallDisk } from './support/disk-mount.ts'

const MIB = 1024 * 1024

const folderOf = ({ agent }: Pick<Clinic, 'agent'>) => agent.service.folders(100).folders[0]
const alarmsOf = ({ agent }: Pick<Clinic, 'agent'>): string[] =>
  agent.service.status().alarms.map(({ code }) => code)

/** Looks at the folders at once, again and again, until it is so. */
async function lookUntil(clinic: Clinic, is: () => boolean): Promise<void> {
  await until(
    () => {
      clinic.agent.service.retry()
      return is()
    },
    (so) => so,
    30_000,
  )
}

test('a folder that disappears is an alarm until it is back, and no file of it is taken twice', async () => {
  using place = tempFolder()
  const path = place.join('endo')
  await using clinic = await openClinic({
    settings: { devices: [FOLDER_DEVICE], folders: [folderSettings(path)] },
  })
  writeFileSync(join(path, 'one.dcm'), part10File(inventedInstance(1000)))
  await lookUntil(clinic, () => folderOf(clinic)?.taken === 1)
  renameSync(path, place.join('away'))
  await lookUntil(clinic, () => alarmsOf(clinic).includes('FOLDER_UNREACHABLE'))
  expect(folderOf(clinic)?.trouble).toMatch(/ENOENT/)
  renameSync(place.join('away'), path)
  writeFileSync(join(path, 'two.dcm'), part10File(inventedInstance(1000)))
  await lookUntil(clinic, () => folderOf(clinic)?.taken === 2 && alarmsOf(clinic).length === 0)
  expect(folderOf(clinic)).toMatchObject({ trouble: null, taken: 2, waiting: 0, held: 0 })
  expect(clinic.agent.service.status().deliveries.held).toBe(0)
}, 60_000)

test('a zip file is an alarm until it is gone', async () => {
  using place = tempFolder()
  const path = place.join('endo')
  await using clinic = await openClinic({
    settings: { devices: [FOLDER_DEVICE], folders: [folderSettings(path)] },
  })
  writeFileSync(join(path, 'one.zip'), Buffer.from('504b0506000000000000000000000000000000000000', 'hex'))
  await lookUntil(clinic, () => alarmsOf(clinic).includes('FOLDER_FILE_HELD'))
  expect(clinic.agent.service.folders(10).files).toMatchObject([{ path: 'one.zip', reason: 'FILE_ZIP' }])
  renameSync(join(path, 'one.zip'), place.join('one.zip'))
  await lookUntil(clinic, () => alarmsOf(clinic).length === 0)
}, 60_000)

describeWithSmallDisks('moveTo on another disk', () => {
  test('a file that cannot be moved to another disk stays, is taken once, and is an alarm until it is gone', async () => {
    using place = tempFolder()
    using disk = new SmallDisk(place.join('disk'), 'size=8m')
    const path = place.join('endo')
    const settings = folderSettings(path, {
      afterwards: 'move',
      when: 'safe',
      moveTo: join(disk.path, 'done'),
    })
    await using clinic = await openClinic({ settings: { devices: [FOLDER_DEVICE], folders: [settings] } })
    writeFileSync(join(path, 'one.dcm'), part10File(inventedInstance(1000)))
    await lookUntil(clinic, () => alarmsOf(clinic).includes('FOLDER_SOURCE_KEPT'))
    expect(clinic.agent.service.status().alarms[0]?.message).toMatch(/^moving taken files to .*EXDEV$/)
    expect(folderOf(clinic)).toMatchObject({ taken: 1 })
    expect(existsSync(join(path, 'one.dcm'))).toBe(true)
    renameSync(join(path, 'one.dcm'), place.join('one.dcm'))
    await lookUntil(clinic, () => alarmsOf(clinic).length === 0)
  }, 60_000)
})

test('nothing of a folder that holds or lies in the data folder is taken, whatever link leads there', async () => {
  using place = tempFolder()
  const link = place.join('link')
  const settings = testSettings(place.join('agent'), { devices: [FOLDER_DEVICE] })
  mkdirSync(join(settings.dataFolder, 'spool'), { recursive: true, mode: 0o700 })
  mkdirSync(join(settings.dataFolder, 'keys'), { recursive: true, mode: 0o700 })
  chmodSync(settings.dataFolder, 0o700)
  symlinkSync(join(settings.dataFolder, 'keys'), link)
  const folders = [{ ...folderSettings(place.join('other')), path: link }]
  await using agent = await startAgent({ ...settings, folders }, { clock: systemClock, log: silentLog })
  expect(agent.service.folders(10).folders[0]?.paused).toMatch(/joined no center/)
  await using clinic = await openClinic({ settings: { devices: [FOLDER_DEVICE] } })
  await clinic.stopAgent()
  symlinkSync(join(clinic.settings.dataFolder, 'keys'), place.join('to-keys'))
  const inside = [{ ...folderSettings(place.join('other')), path: place.join('to-keys') }]
  const joined = { ...clinic.settings, folders: inside }
  await using again = await startAgent(joined, { clock: systemClock, log: silentLog })
  await until(
    () => again.service.folders(10).folders[0]?.trouble,
    (trouble) => trouble !== null,
  )
  expect(again.service.folders(10).folders[0]?.trouble).toMatch(/Ferry's data folder/)
}, 60_000)

describeWithSmallDisks('a full disk of the agent', () => {
  test('files wait in their folder while the disk is full, and cross when there is room', async () => {
    using place = tempFolder()
    using disk = new SmallDisk(place.join('disk'), 'size=48m')
    const path = place.join('endo')
    const settings = folderSettings(path, { afterwards: 'delete', when: 'safe' })
    await using clinic = await openClinic({
      settings: {
        devices: [FOLDER_DEVICE],
        folders: [settings],
        dataFolder: join(disk.path, 'agent'),
        limits: { ...testSettings('').limits, reserveBytes: 8 * MIB },
      },
    })
    disk.fill(4 * MIB)
    await until(
      () => folderOf(clinic)?.paused,
      (paused) => paused !== null,
    )
    for (let i = 0; i < 10; i++) writeFileSync(join(path, `${i}.dcm`), part10File(inventedInstance(100_000)))
    clinic.agent.service.retry()
    expect(folderOf(clinic)).toMatchObject({ taken: 0, held: 0 })
    expect(alarmsOf(clinic)).toEqual(['STORAGE_FULL'])
    disk.clean()
    await lookUntil(clinic, () => !existsSync(join(path, '0.dcm')) && !existsSync(join(path, '9.dcm')))
    await until(
      () => storedAtCenter(join(clinic.folder, 'center')).length,
      (stored) => stored === 10,
    )
    expect(alarmsOf(clinic)).toEqual([])
  }, 60_000)
})
