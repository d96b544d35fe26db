import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from '@jest/globals'
import { encodePart10Header } from '../../src/dicom/read/part10.ts'
import { STORAGE_STATUS } from '../../src/dicom/vocabulary/storage-status.ts'
import { TRANSFER_SYNTAX } from '../../src/dicom/vocabulary/transfer-syntax.ts'
import { startListener } from '../support/peers/test-listener.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CT = '1.2.840.10008.5.1.4.1.1.2'

/** Writes a DICOM file and returns its data set: bytes that are not parsed on this way. */
function writeInstance(path: string, sopInstanceUid: string, sopClassUid = CT): Buffer {
  const dataSet = Buffer.alloc(300_000, sopInstanceUid)
  const transferSyntaxUid = TRANSFER_SYNTAX.ExplicitVRLittleEndian
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(
    path,
    Buffer.concat([encodePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid }), dataSet]),
  )
  return dataSet
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('echo says whether a node answers', async () => {
  await using peer = await startListener()
  using folder = tempFolder()
  const address = `PEER@127.0.0.1:${peer.port}`
  const { exitCode, out } = await runCommand(folder.path, ['echo', address, '--calling', 'WARD 3'])
  expect([exitCode, out]).toEqual([0, expect.stringMatching(/^PEER@127\.0\.0\.1:\d+ answered in \d+ ms\n$/)])
  expect(peer.handlers.requests[0]).toMatchObject({ callingAeTitle: 'WARD 3', calledAeTitle: 'PEER' })
  expect(JSON.parse((await runCommand(folder.path, ['echo', address, '--json'])).out)).toMatchObject({
    status: 0,
  })
})

test('echo to a port without a listener fails in words', async () => {
  await using peer = await startListener()
  using folder = tempFolder()
  await peer[Symbol.asyncDispose]()
  const { exitCode, err } = await runCommand(folder.path, ['echo', `PEER@127.0.0.1:${peer.port}`])
  expect([exitCode, err]).toEqual([1, expect.stringContaining('ECONNREFUSED')])
})

test('send carries the data sets of files and folders byte for byte and leaves other files alone', async () => {
  await using peer = await startListener()
  using folder = tempFolder()
  const dataSets = ['1.2.1', '1.2.2'].map((uid) => writeInstance(folder.join('cd', 'DICOM', uid), uid))
  writeFileSync(folder.join('cd', 'AUTORUN.INF'), 'x')
  const { exitCode, out, err } = await runCommand(folder.path, ['send', `PEER@127.0.0.1:${peer.port}`, 'cd'])
  expect([exitCode, out]).toEqual([0, expect.stringMatching(/^2 of 2 instances sent/)])
  expect(err).toMatch(/^1 files were left out:\n {2}cd\/AUTORUN\.INF: it is not a DICOM file/)
  expect(peer.handlers.sinks.map((sink) => sink.sha256())).toEqual(dataSets.map(digest))
})

test('one refused instance does not stop the others: exit code 3', async () => {
  await using peer = await startListener()
  using folder = tempFolder()
  for (const uid of ['1.2.1', '1.2.2', '1.2.3']) writeInstance(folder.join(uid), uid)
  writeFileSync(folder.join('note.txt'), 'x'.repeat(200))
  peer.handlers.onFinish = async ({ request }) => {
    const refused = request.sopInstanceUid === '1.2.2'
    return { status: refused ? STORAGE_STATUS.OutOfResources : 0, errorComment: refused ? 'DISK FULL' : '' }
  }
  const files = ['1.2.1', '1.2.2', '1.2.3', 'note.txt']
  const args = ['send', `PEER@127.0.0.1:${peer.port}`, ...files, '--json']
  const { exitCode, out } = await runCommand(folder.path, args)
  expect(exitCode).toBe(3)
  expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, sent: 2, count: 4 })
  expect(JSON.parse(out).files).toContainEqual(
    expect.objectContaining({
      path: folder.join('1.2.2'),
      isStored: false,
      status: STORAGE_STATUS.OutOfResources,
      words: 'status A700, the peer has no room or other resource for it: DISK FULL',
    }),
  )
})

test('more kinds of instances than one association can have are sent over two', async () => {
  await using peer = await startListener()
  using folder = tempFolder()
  for (let i = 1; i <= 130; i++) writeInstance(folder.join('many', String(i)), `1.2.${i}`, `1.2.3.${i}`)
  const { exitCode, out } = await runCommand(folder.path, ['send', `PEER@127.0.0.1:${peer.port}`, 'many'])
  expect([exitCode, out]).toEqual([0, expect.stringMatching(/^130 of 130/)])
  expect(peer.handlers.requests.map(({ contexts }) => contexts.length)).toEqual([128, 2])
})
