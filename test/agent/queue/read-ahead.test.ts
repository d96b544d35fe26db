import { truncateSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { readAhead } from '../../../src/agent/queue/recovery/read-ahead.ts'
import { Spool } from '../../../src/agent/queue/spool/spool.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

async function openSpool(folder: string, files: number) {
  const spool = await Spool.open(join(folder, 'spool'))
  const instances = await Promise.all(Array.from({ length: files }, () => spoolInstance(spool)))
  return { spool, instances, ulids: instances.map(({ envelope }) => envelope.ulid) }
}

test('files are read ahead batch by batch, in order, and are what reading each of them gives', async () => {
  using folder = tempFolder()
  const { spool, ulids } = await openSpool(folder.path, 25)
  const batches = await Array.fromAsync(readAhead(spool, ulids, 10))
  expect(batches.map(({ length }) => length)).toEqual([10, 10, 5])
  expect(batches.flat()).toEqual(ulids.map((ulid) => ({ ulid, file: spool.readNow(ulid) })))
  spool[Symbol.dispose]()
})

test('a file that is gone, cut off, or another one is left to whoever asks for it', async () => {
  using folder = tempFolder()
  const { spool, instances, ulids } = await openSpool(folder.path, 4)
  const [gone, cutOff, emptied] = instances.map(({ path }) => path)
  unlinkSync(gone ?? '')
  truncateSync(cutOff ?? '', 1500)
  truncateSync(emptied ?? '', 0)
  const [batch = []] = await Array.fromAsync(readAhead(spool, ulids, 10))
  expect(batch.map(({ file }) => file === undefined)).toEqual([true, true, true, false])
  spool[Symbol.dispose]()
})

test('a reader that stops half way gets no more', async () => {
  using folder = tempFolder()
  const { spool, ulids } = await openSpool(folder.path, 6)
  for await (const batch of readAhead(spool, ulids, 2)) {
    expect(batch).toHaveLength(2)
    break
  }
  spool[Symbol.dispose]()
})

test.each([
  ['fails', "throw new Error('no more memory')"],
  ['ends', 'process.exit()'],
  ['fails when it is asked', "parentPort.on('message', () => { throw new Error('no more memory') })"],
])('every file is named even if the thread %s', async (_, body) => {
  using folder = tempFolder()
  const { spool, ulids } = await openSpool(folder.path, 6)
  const code = `import { parentPort } from 'node:worker_threads'; ${body}`
  const thread = new URL(`data:text/javascript,${encodeURIComponent(code)}`)
  const batches = await Array.fromAsync(readAhead(spool, ulids, 2, thread))
  expect(batches.flat()).toEqual(ulids.map((ulid) => ({ ulid, file: undefined })))
  spool[Symbol.dispose]()
})
