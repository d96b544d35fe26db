import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { allSettled, type Clinic, openClinic } from '../support/programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { tempFolder } from '../support/temp-folder.ts'

const hasMagick = spawnSync('convert', ['-version']).status === 0
const group = hasMagick ? describe : describe.skip

function makeJpeg(path: string, color: string): void {
  const made = spawnSync('convert', ['-size', '320x240', `xc:${color}`, '-quality', '85', path])
  if (made.status !== 0) throw new Error(made.stderr.toString())
}

const view = (clinic: Clinic) => clinic.agent.service.folders(1000)
const countsOf = (clinic: Clinic) => view(clinic).folders[0]

group(hasMagick ? 'stills' : 'stills (not tried: ImageMagick is missing)', () => {
  test('a sidecar or the path names the patient of a still, and another waits until a person says whose it is', async () => {
    using place = tempFolder()
    const path = place.join('endo')
    const settings = folderSettings(path, {
      as: 'endoscopic',
      anatomicRegion: 'stomach',
      sidecar: 'json',
      names: String.raw`^(?<patientId>P\d+)_`,
      withoutOrder: 'send',
    })
    await using clinic = await openClinic({ settings: { devices: [FOLDER_DEVICE], folders: [settings] } })
    makeJpeg(join(path, 'one.jpg'), 'red')
    writeFileSync(join(path, 'one.json'), JSON.stringify({ patientId: '4711', patientName: '张^三' }))
    await until(
      () => countsOf(clinic)?.taken,
      (taken) => taken === 1,
      20_000,
    )
    makeJpeg(join(path, 'P12_two.jpg'), 'green')
    writeFileSync(join(path, 'P12_two.jpg.json'), '{}')
    makeJpeg(join(path, 'three.jpg'), 'blue')
    writeFileSync(join(path, 'three.json'), '{"patientId": ')
    await until(
      () => countsOf(clinic),
      (counts) => counts?.taken === 2 && counts.waiting === 1,
      20_000,
    )
    const [file] = view(clinic).files
    expect(file).toMatchObject({ path: 'three.jpg', state: 'waiting', reason: 'SIDECAR_INVALID' })
    await clinic.agent.service.assign({
      file: file?.file ?? '',
      order: undefined,
      facts: { patientId: '4712', patientName: '李^四' },
    })
    await until(
      () => countsOf(clinic),
      (counts) => counts?.taken === 3 && counts.waiting === 0,
      20_000,
    )
    await allSettled(clinic)
    expect(storedAtCenter(join(clinic.folder, 'center'))).toHaveLength(3)
    expect(existsSync(join(path, 'one.jpg'))).toBe(true)
  }, 90_000)
})
