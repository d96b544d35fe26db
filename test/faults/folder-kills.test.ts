import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { ControlClient } from '../../src/console/session/control-client.ts'
import { CONTROL_PATHS, retrySchema } from '../../src/protocol/control-api.ts'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { keepPace } from '../support/clocks/keep-pace.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { part10File } from '../support/instances/part10-file.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { KillClinic } from './support/kill-clinic.ts'

const FILES = 500
const KILLS = 10
/** The center comes back after this kill. */
const CENTER_BACK = 4

/** Names of files that are still in the folder, apart from its subfolders and those that are being deleted. */
const filesIn = (path: string): string[] => readdirSync(path).filter((name) => name.endsWith('.dcm'))

test('an agent is killed at random during a burst of 500 files: each crosses exactly once, and no source goes early', async () => {
  using place = tempFolder()
  const [deleted, moved] = [place.join('deleted'), place.join('moved')]
  const folders = [
    folderSettings(deleted, { name: 'deleted', afterwards: 'delete', when: 'safe' }),
    folderSettings(moved, {
      name: 'moved',
      afterwards: 'move',
      when: 'confirmed',
      moveTo: join(moved, 'done'),
    }),
  ]
  mkdirSync(join(moved, 'done'))
  await using clinic = await KillClinic.open({ devices: [FOLDER_DEVICE], folders, study: { quietMs: 100 } })
  const atCenter = (): Set<string> =>
    new Set(storedAtCenter(clinic.centerFolder).map(({ dataSetSha256 }) => dataSetSha256))
  const digests = new Map<string, string>()
  const early: string[] = []
  let takenWhileAway = 0
  async function burst(): Promise<void> {
    for (let i = 0; i < FILES; i++) {
      const instance = inventedInstance(20_000)
      const folder = i % 2 === 0 ? deleted : moved
      digests.set(`${i}.dcm`, sha256(instance.dataSet))
      writeFileSync(join(folder, `${i}.part`), part10File(instance))
      renameSync(join(folder, `${i}.part`), join(folder, `${i}.dcm`))
      if (i % 10 === 0) await keepPace(50)
    }
  }
  // Without a center no file is confirmed: none may move.
  await clinic.kill('center')
  const writing = burst()
  for (let kill = 0; kill < KILLS; kill++) {
    // Chance draws the moment: a condition would spare the moments at which it is not true.
    await keepPace(300 + Math.random() * 2500)
    await clinic.kill('agent')
    const stored = atCenter()
    if (kill <= CENTER_BACK) takenWhileAway = Math.ceil(digests.size / 2) - filesIn(deleted).length
    for (const name of filesIn(join(moved, 'done')))
      if (!stored.has(digests.get(name) ?? '')) early.push(name)
    await clinic.start('agent')
    if (kill === CENTER_BACK) await clinic.start('center')
  }
  await writing
  const client = new ControlClient(clinic.dataFolder)
  await until(
    async () => {
      // Lets the folders be looked at now.
      await client.call(retrySchema, 'POST', CONTROL_PATHS.retry)
      return filesIn(deleted).length + filesIn(moved).length
    },
    (left) => left === 0,
    120_000,
  )
  await until(
    () => clinic.deliveries(),
    ({ confirmed }) => confirmed === FILES,
    60_000,
  )
  expect(early).toEqual([])
  // Otherwise no file could have moved early.
  expect(takenWhileAway).toBeGreaterThan(0)
  expect(readdirSync(deleted)).toEqual([])
  expect(filesIn(join(moved, 'done'))).toHaveLength(FILES / 2)
  const stored = storedAtCenter(clinic.centerFolder).map(({ dataSetSha256 }) => dataSetSha256)
  expect(new Set(stored)).toEqual(new Set(digests.values()))
  // A file that a kill left behind at the center is not possible here: only the agent was killed.
  expect(stored).toHaveLength(FILES)
}, 300_000)
