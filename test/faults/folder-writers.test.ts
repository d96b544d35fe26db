import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { sha256, storedAtCenter } from '../support/centers/stored-at-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { part10File } from '../support/instances/part10-file.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'
import { FOLDER_DEVICE, folderSettings } from '../support/programs/folder-settings.ts'
import { Random } from '../support/random.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { FOLDER_WRITES } from './fault-sizes.ts'
import { writeCarelessly } from './support/careless-writer.ts'

const STILL_MS = 150
/** Longer than several sweeps, under load too. */
const LONG_PAUSE_MS = 2500
const WRITERS = 32

test('no half of a file is ever taken, whatever way it is written, and the whole of each is', async () => {
  const random = Random.fromEnvironment()
  using place = tempFolder()
  const path = place.join('endo')
  const settings = folderSettings(path, { stillMs: STILL_MS })
  await using clinic = await openClinic({ settings: { devices: [FOLDER_DEVICE], folders: [settings] } })
  const allowed = new Set<string>()
  const wanted: string[] = []
  const ways = new Map<string, number>()
  let written = 0
  async function write(): Promise<void> {
    while (written < FOLDER_WRITES) {
      written++
      const { dataSet, ...instance } = inventedInstance(random.between(10, 60_000))
      const file = part10File({ dataSet, ...instance })
      const headerBytes = file.length - dataSet.length
      // Many files are paused for longer than the wait: their structure alone can tell that they are not whole.
      const pauseMs = random.isIn(40) ? LONG_PAUSE_MS : STILL_MS / 3
      const { way, whole } = await writeCarelessly(`${written}.dcm`, file, { folder: path, random, pauseMs })
      ways.set(way, (ways.get(way) ?? 0) + 1)
      const digests = whole.map((content) => sha256(content.subarray(headerBytes)))
      for (const digest of digests) allowed.add(digest)
      wanted.push(digests.at(-1) ?? '')
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
  clinic.agent.service.retry()
  const digests = (): string[] =>
    storedAtCenter(join(clinic.folder, 'center')).map(({ dataSetSha256 }) => dataSetSha256)
  await until(
    () => {
      const here = new Set(digests())
      return wanted.filter((digest) => !here.has(digest)).length
    },
    (missing) => missing === 0,
    60_000,
  )
  await allSettled(clinic)
  const here = digests()
  process.stdout.write(
    `folder writers: ${JSON.stringify({ files: wanted.length, stored: here.length, ways: Object.fromEntries(ways), seed: random.seed })}\n`,
  )
  expect(here.filter((digest) => !allowed.has(digest))).toEqual([])
  expect(new Set(here).size).toBe(here.length)
}, 300_000)
