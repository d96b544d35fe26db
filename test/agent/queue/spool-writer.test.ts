import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { SpoolWriter } from '../../../src/agent/queue/spool/spool-writer.ts'
import { tempFolder } from '../../support/temp-folder.ts'

test('bytes land in the file in the order in which they were given, however they are cut', async () => {
  using folder = tempFolder()
  const blocks = Array.from({ length: 200 }, (_, i) => Buffer.alloc(10_000 + i, i))
  const writer = SpoolWriter.create(folder.join('a'))
  for (const block of blocks) await writer.push([block])
  await writer.finish()
  expect(readFileSync(folder.join('a')).equals(Buffer.concat(blocks))).toBe(true)
})

test('a writer that is ahead of the disk is told to wait', async () => {
  using folder = tempFolder()
  const writer = SpoolWriter.create(folder.join('a'))
  const answers = Array.from({ length: 4 }, () => writer.push([Buffer.alloc(600_000)]))
  expect(answers[0]).toBeUndefined()
  expect(answers.at(-1)).toBeInstanceOf(Promise)
  for (const answer of answers) await answer
  await writer.finish()
  expect(readFileSync(folder.join('a')).length).toBe(4 * 600_000)
})

test('a discarded instance leaves no file, neither before nor after it was complete', async () => {
  using folder = tempFolder()
  const early = SpoolWriter.create(folder.join('early'))
  await early.push([Buffer.alloc(600_000)])
  await early.discard()
  const late = SpoolWriter.create(folder.join('late'))
  await late.push([Buffer.alloc(10)])
  await late.finish()
  await late.discard()
  expect(existsSync(folder.join('early'))).toBe(false)
  expect(existsSync(folder.join('late'))).toBe(false)
})

test('a file that exists already is never written to or removed', async () => {
  using folder = tempFolder()
  writeFileSync(folder.join('a'), 'kept')
  const writer = SpoolWriter.create(folder.join('a'))
  await writer.push([Buffer.from('other')])
  await expect(writer.finish()).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
  expect(readFileSync(folder.join('a'), 'utf8')).toBe('kept')
})
