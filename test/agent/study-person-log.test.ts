import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { StudyPersonLog } from '../../src/agent/deid-records/study-person-log.ts'
import { tempFolder } from '../support/temp-folder.ts'

const mark = (number: number): string => number.toString(16).padStart(32, '0')

test('the person of the first instance of a study holds for the others, also after a restart', async () => {
  using folder = tempFolder()
  const log = await StudyPersonLog.open(folder.path)
  expect(log.personOf(mark(1), mark(7))).toBe(mark(7))
  expect(log.personOf(mark(1), mark(8))).toBe(mark(7))
  expect(log.personOf(mark(2), mark(8))).toBe(mark(8))
  await Promise.all([log.durable(), log.durable()])
  const again = await StudyPersonLog.open(folder.path)
  expect(again.personOf(mark(1), mark(9))).toBe(mark(7))
  expect(again.personOf(mark(2), mark(9))).toBe(mark(8))
  // The control: a study that was not there.
  expect(again.personOf(mark(3), mark(9))).toBe(mark(9))
})

test('nothing is written before durability is asked for, so that a preview leaves no trace', async () => {
  using folder = tempFolder()
  const log = await StudyPersonLog.open(folder.path)
  log.personOf(mark(1), mark(7))
  expect(readdirSync(folder.path)).toEqual([])
  await log.durable()
  expect(readdirSync(folder.path)).toEqual(['deid-studies'])
})

test('a torn line is skipped, and what is written after it is read', async () => {
  using folder = tempFolder()
  const path = folder.join('deid-studies', '00000001.txt')
  const log = await StudyPersonLog.open(folder.path)
  log.personOf(mark(1), mark(7))
  log.personOf(mark(2), mark(7))
  await log.durable()
  truncateSync(path, readFileSync(path).length - 20)
  const torn = await StudyPersonLog.open(folder.path)
  expect(torn.personOf(mark(1), mark(9))).toBe(mark(7))
  expect(torn.personOf(mark(2), mark(9))).toBe(mark(9))
  await torn.durable()
  const again = await StudyPersonLog.open(folder.path)
  expect(again.personOf(mark(2), mark(5))).toBe(mark(9))
})

test('only the newest studies are kept, on the disk and in memory', async () => {
  using folder = tempFolder()
  const entriesInFile = 10
  const log = await StudyPersonLog.open(folder.path, entriesInFile)
  for (let study = 0; study < 100; study++) {
    log.personOf(mark(study), mark(7))
    if (study % 7 === 0) await log.durable()
  }
  await log.durable()
  expect(readdirSync(folder.join('deid-studies')).length).toBeLessThanOrEqual(4)
  for (const kept of [log, await StudyPersonLog.open(folder.path, entriesInFile)]) {
    expect(kept.personOf(mark(99), mark(8))).toBe(mark(7))
    expect(kept.personOf(mark(3), mark(8))).toBe(mark(8))
  }
})

test('an entry that could not be written is written when it is asked for again', async () => {
  using folder = tempFolder()
  const log = await StudyPersonLog.open(folder.path)
  writeFileSync(folder.join('deid-studies'), 'a file where the folder belongs')
  log.personOf(mark(1), mark(7))
  await expect(log.durable()).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
  rmSync(folder.join('deid-studies'))
  await log.durable()
  expect((await StudyPersonLog.open(folder.path)).personOf(mark(1), mark(8))).toBe(mark(7))
})
