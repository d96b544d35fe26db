import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { CONTROL_PATHS } from '../../src/protocol/control-api.ts'
import { assignedSchema, foldersSchema } from '../../src/protocol/folder-api.ts'
import { storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { KillClinic } from './support/kill-clinic.ts'

const PDF = '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n'
const KILLS = 3

test('an agent is killed right after it has said yes to an assignment: the file crosses with that patient', async () => {
  using place = tempFolder()
  const path = place.join('endo')
  const folders = [folderSettings(path, { as: 'document' })]
  await using clinic = await KillClinic.open({ devices: [FOLDER_DEVICE], folders, study: { quietMs: 100 } })
  const client = new ControlClient(clinic.dataFolder)
  const view = async () => (await client.call(foldersSchema, 'GET', `${CONTROL_PATHS.folders}?limit=9`)).value
  for (let kill = 1; kill <= KILLS; kill++) {
    writeFileSync(join(path, `${kill}.pdf`), `${PDF}% ${kill}\n%%EOF\n`)
    const [file] = await until(
      async () => (await view()).files,
      (files) => files.length === 1,
    )
    const query = new URLSearchParams({ file: file?.file ?? '', patientId: `P${kill}`, patientName: 'A' })
    await client.call(assignedSchema, 'POST', `${CONTROL_PATHS.assign}?${query.toString()}`)
    await clinic.kill('agent')
    await clinic.start('agent')
    expect((await view()).folders).toMatchObject([{ taken: kill, waiting: 0, held: 0 }])
  }
  await until(
    () => storedAtCenter(clinic.centerFolder).length,
    (stored) => stored === KILLS,
  )
}, 90_000)
