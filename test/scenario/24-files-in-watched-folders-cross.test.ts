import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { part10File } from '../support/instances/part10-file.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { tempFolder } from '../support/temp-folder.ts'

const folderOf = (clinic: Clinic) => clinic.agent.service.folders(1000).folders[0]

/** Waits until this many files were taken. */
async function taken(clinic: Clinic, count: number): Promise<void> {
  await until(
    () => folderOf(clinic)?.taken,
    (files) => files === count,
    30_000,
  )
}

const digestsAt = ({ folder }: Clinic): string[] =>
  storedAtCenter(join(folder, 'center')).map(({ dataSetSha256 }) => dataSetSha256)

test('DICOM files with preamble, without, and as bare data sets cross byte for byte and stay where they are', async () => {
  using place = tempFolder()
  const path = place.join('endo')
  await using clinic = await openClinic({
    settings: { devices: [FOLDER_DEVICE], folders: [folderSettings(path)] },
  })
  const instances = Array.from({ length: 3 }, () => inventedInstance(20_000))
  mkdirSync(join(path, 'a', 'b'), { recursive: true })
  const [one, two, three] = instances.map((instance) => part10File(instance))
  writeFileSync(join(path, 'one.dcm'), one ?? '')
  writeFileSync(join(path, 'a', 'two'), two?.subarray(128) ?? '')
  writeFileSync(
    Buffer.concat([Buffer.from(join(path, 'a', 'b')), Buffer.from([0x2f, 0xd5, 0xc5, 0xc8, 0xfd])]),
    instances[2]?.dataSet ?? three ?? '',
  )
  await taken(clinic, 3)
  await allSettled(clinic)
  expect(digestsAt(clinic).toSorted()).toEqual(instances.map(({ dataSet }) => sha256(dataSet)).toSorted())
  expect(existsSync(join(path, 'one.dcm'))).toBe(true)
  await clinic.stopAgent()
  await clinic.startAgent()
  await until(
    () => folderOf(clinic)?.lastSweepAt,
    (at) => at !== null,
  )
  expect(folderOf(clinic)).toMatchObject({ taken: 3, waiting: 0, held: 0, moving: 0, trouble: null })
  expect(digestsAt(clinic)).toHaveLength(3)
}, 60_000)

test('a source is deleted only after the receipt of the center', async () => {
  using place = tempFolder()
  const path = place.join('endo')
  const settings = folderSettings(path, { afterwards: 'delete' })
  await using clinic = await openClinic({ settings: { devices: [FOLDER_DEVICE], folders: [settings] } })
  await clinic.stopCenter()
  writeFileSync(join(path, 'one.dcm'), part10File(inventedInstance(20_000)))
  await taken(clinic, 1)
  clinic.agent.service.retry()
  await until(
    () => folderOf(clinic)?.lastSweepAt,
    (at) => at !== null,
  )
  expect(existsSync(join(path, 'one.dcm'))).toBe(true)
  await clinic.startCenter()
  clinic.agent.service.retry()
  await allSettled(clinic)
  clinic.agent.service.retry()
  await until(
    () => existsSync(join(path, 'one.dcm')),
    (isThere) => !isThere,
    30_000,
  )
  expect(digestsAt(clinic)).toHaveLength(1)
}, 90_000)
