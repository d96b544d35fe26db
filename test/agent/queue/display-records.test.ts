import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { openDisplayNames } from '../../../src/agent/queue/display/display-names.ts'
import type { FoundAttributes } from '../../../src/agent/queue/display/display-records.ts'
import { openLocalDisplayKey } from '../../../src/agent/queue/display/local-display-key.ts'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import type { DisplayAttributes, DisplayField } from '../../../src/dicom/find/display-attributes.ts'
import { silentLog } from '../../../src/platform/log.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { DiskThief } from '../../support/instances/disk-thief.ts'
import { newUid, spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const CHEN: DisplayAttributes = {
  patientName: { text: '陈^小明', isGuess: true },
  patientId: { text: '31010119800101123X', isGuess: false },
}

async function open(folder: string): Promise<Queue> {
  const place = {
    setting: 'local-key',
    keysFolder: join(folder, 'keys'),
    credentialsFolder: undefined,
  } as const
  return openQueue(folder, new ManualClock(), ['center'], await openDisplayNames(place, silentLog))
}

const found = (attributes: DisplayAttributes): FoundAttributes => ({
  fields: Object.keys(attributes) as DisplayField[],
  attributes: () => attributes,
})

async function accept(
  queue: Queue,
  studyInstanceUid: string,
  attributes: DisplayAttributes,
): Promise<string> {
  const instance = await spoolInstance(queue.spool, { studyInstanceUid })
  const display = queue.display.seal(studyInstanceUid, found(attributes))
  await queue.acceptance.accept({ ...instance, observed: { findings: [], ...(display && { display }) } })
  return instance.envelope.ulid
}

test('a study is known by its patient, also after a restart', async () => {
  using folder = tempFolder()
  const study = newUid()
  const first = await open(folder.path)
  await accept(first, study, CHEN)
  first[Symbol.dispose]()
  using queue = await open(folder.path)
  expect(queue.display.get(study)).toEqual({ attributes: CHEN })
  expect(queue.display.get(newUid())).toBeUndefined()
})

test('the first instance decides, and later ones fill in what it lacked', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const study = newUid()
  await accept(queue, study, CHEN)
  expect(
    queue.display.seal(study, found({ patientName: { text: 'Another', isGuess: false } })),
  ).toBeUndefined()
  const modality = { text: 'CT', isGuess: false }
  await accept(queue, study, { patientName: { text: 'Another', isGuess: false }, modality })
  expect(queue.display.get(study)).toEqual({ attributes: { ...CHEN, modality } })
})

test('the patient is in no file of the data folder in clear', async () => {
  using folder = tempFolder()
  const queue = await open(folder.path)
  await accept(queue, newUid(), CHEN)
  const seen = readdirSync(folder.path, { recursive: true, encoding: 'utf8' })
    .map((name) => folder.join(name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path))
  queue[Symbol.dispose]()
  expect(seen.length).toBeGreaterThan(2)
  const holding = (text: string): number => seen.filter((bytes) => bytes.includes(text)).length
  expect(['陈', '小明', '31010119800101123X', 'patientName'].map(holding)).toEqual([0, 0, 0, 0])
  // Negative control: what the index does hold is found by the same search.
  expect(holding('CT1')).toBeGreaterThan(0)
})

test('the record of a study goes with its last spool file', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  const [study, other] = [newUid(), newUid()]
  const first = await accept(queue, study, CHEN)
  const second = await accept(queue, study, CHEN)
  await accept(queue, other, CHEN)
  queue.retained.markRemoved([first as never])
  expect(queue.display.get(study)).toBeDefined()
  queue.retained.markRemoved([second as never])
  expect(queue.display.get(study)).toBeUndefined()
  expect(queue.display.get(other)).toBeDefined()
})

test('a removed record leaves nothing on the disk that the key opens', async () => {
  using folder = tempFolder()
  const queue = await open(folder.path)
  const study = newUid()
  const ulid = await accept(queue, study, CHEN)
  const finds = () => new DiskThief(folder.path).find(['小明'])
  // Control: while the study's file is kept, whoever has the disk reads the name.
  expect(finds()).toEqual(['小明'])
  queue.retained.markRemoved([ulid as never])
  queue[Symbol.dispose]()
  expect(finds()).toEqual([])
})

test('with the key lost the records say so, a new study is known again, and nothing else breaks', async () => {
  using folder = tempFolder()
  const [study, later] = [newUid(), newUid()]
  const first = await open(folder.path)
  await accept(first, study, CHEN)
  first[Symbol.dispose]()
  rmSync(folder.join('keys'), { recursive: true })
  using queue = await open(folder.path)
  expect(queue.display.get(study)).toBe('lost')
  await accept(queue, later, CHEN)
  expect(queue.display.get(later)).toEqual({ attributes: CHEN })
  await accept(queue, study, CHEN)
  expect(queue.display.get(study)).toEqual({ attributes: CHEN })
})

test('a key file that is damaged stays where it is, and a new key is made beside it', async () => {
  using folder = tempFolder()
  await openLocalDisplayKey(folder.path)
  const [name = ''] = readdirSync(folder.path)
  expect(statSync(folder.join(name)).mode & 0o777).toBe(0o600)
  writeFileSync(folder.join(name), 'cut off')
  const key = await openLocalDisplayKey(folder.path)
  expect(readdirSync(folder.path)).toEqual(['display-0001.key', 'display-0002.key'])
  const again = await openLocalDisplayKey(folder.path)
  expect(again.open(key.seal('陈', '1.2'), '1.2')).toBe('陈')
})

test('a sealed record opens only unchanged, for its own study, and tells nothing by its length', async () => {
  using folder = tempFolder()
  const key = await openLocalDisplayKey(folder.path)
  const sealed = key.seal('陈小明', '1.2')
  expect(key.open(sealed, '1.2')).toBe('陈小明')
  expect(key.open(sealed, '1.3')).toBeUndefined()
  for (let at = 0; at < sealed.length; at += 7) {
    const changed = Buffer.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(key.open(changed, '1.2')).toBeUndefined()
  }
  expect(key.open(sealed.subarray(0, 20), '1.2')).toBeUndefined()
  expect(key.seal('x', '1.2').length).toBe(sealed.length)
  expect(key.seal('陈小明', '1.2').equals(sealed)).toBe(false)
})

test('each showing of names is recorded with its viewer', async () => {
  using folder = tempFolder()
  using queue = await open(folder.path)
  expect(queue.display.timesShown()).toEqual({ times: 0, lastAt: null })
  queue.display.noteShown('wang', '1.2')
  queue.display.noteShown('wang', undefined)
  expect(queue.display.timesShown()).toMatchObject({ times: 2, lastAt: expect.any(Number) })
})
