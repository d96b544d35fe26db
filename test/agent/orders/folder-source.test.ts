import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { FolderSource } from '../../../src/agent/orders/sources/folder-source.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const FILES = { everyMs: 1000, fields: {}, defaults: {}, cancelled: ['X'] }
const order = (accessionNumber: string, status = ''): string =>
  JSON.stringify([{ patientName: '张三', patientId: 'P1', accessionNumber, status }])

function open(): { folder: ReturnType<typeof tempFolder>; clock: ManualClock; source: FolderSource } {
  const folder = tempFolder()
  const clock = new ManualClock(Date.now())
  const settings = { name: 'ris', kind: 'files', files: { ...FILES, folder: folder.path } } as const
  return { folder, clock, source: new FolderSource(settings, clock) }
}

const signal = new AbortController().signal

test('files are read once, again when they change, and an unchanged folder gives no new answer', async () => {
  const { folder, source } = open()
  using _ = folder
  writeFileSync(folder.join('a.json'), order('A1'))
  writeFileSync(folder.join('b.csv'), 'patientId,accessionNumber\nP2,A2\n')
  writeFileSync(folder.join('notes.txt'), 'nothing')
  expect((await source.ask(signal))?.orders.map(({ accessionNumber }) => accessionNumber)).toEqual([
    'A1',
    'A2',
  ])
  expect(await source.ask(signal)).toBeUndefined()
  writeFileSync(folder.join('a.json'), order('A10', 'X'))
  expect(await source.ask(signal)).toMatchObject({
    orders: [{ accessionNumber: 'A2' }],
    cancelled: [{ accessionNumber: 'A10' }],
  })
})

test('a file that is still being written is waited for, and one that stays wrong is told without its name', async () => {
  const { folder, clock, source } = open()
  using _ = folder
  writeFileSync(folder.join('张三.json'), '[{"patientId":')
  expect(await source.ask(signal)).toEqual({ orders: [], cancelled: [] })
  clock.advance(120_000)
  const answer = await source.ask(signal)
  expect(answer?.problem).toBe('a file cannot be read: reading orders: the text is not JSON')
  writeFileSync(folder.join('张三.json'), order('A1'))
  expect(await source.ask(signal)).toMatchObject({ orders: [{ accessionNumber: 'A1' }] })
})

test('links, pipes, folders and old files are passed over', async () => {
  const { folder, source } = open()
  using _ = folder
  using other = tempFolder()
  writeFileSync(other.join('secret.json'), order('A1'))
  symlinkSync(other.join('secret.json'), folder.join('link.json'))
  execFileSync('mkfifo', [folder.join('pipe.json')])
  mkdirSync(folder.join('folder.json'))
  writeFileSync(folder.join('old.json'), order('A2'))
  const old = Date.now() / 1000 - 20 * 86_400
  utimesSync(folder.join('old.json'), old, old)
  expect(await source.ask(signal)).toEqual({ orders: [], cancelled: [] })
})

test('a folder that is not there is a failure of the source, not of the agent', async () => {
  const { folder, source } = open()
  rmSync(folder.path, { recursive: true })
  await expect(source.ask(signal)).rejects.toMatchObject({ code: 'ORDERS_UNREACHABLE' })
})
