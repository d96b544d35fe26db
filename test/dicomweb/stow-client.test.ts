import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, test } from '@jest/globals'
import { StowClient, type StowInstance } from '../../src/dicomweb/stow-client.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { Failure } from '../../src/platform/failure.ts'
import { StowStub, stowModule } from '../support/peers/stow-stub.ts'
import { tempFolder } from '../support/temp-folder.ts'

const never = new AbortController().signal

test('files of any bytes and sizes arrive as they are', async () => {
  await using pacs = await StowStub.start(() => ({ status: 200, body: stowModule(['1', '2', '3']) }))
  await using client = await StowClient.open({ url: pacs.url, timeoutMs: 10_000 }, systemClock)
  const files = [Buffer.from('\r\n--x\r\n\r\n'), Buffer.alloc(3_000_000, 7), Buffer.alloc(0)]

  const answer = await client.store(
    files.map((file, index) => instance(String(index + 1), [file])),
    never,
  )

  expect(answer).toMatchObject({ kind: 'answered' })
  expect(pacs.requests[0]?.files.map((file) => file.toString('hex'))).toEqual(
    files.map((file) => file.toString('hex')),
  )
})

test.each([
  [
    'a password',
    (folder: string) => ({ username: '影像', passwordFile: folder }),
    `Basic ${btoaUtf8('影像:s3cret')}`,
  ],
  ['a bearer token', (folder: string) => ({ tokenFile: folder }), 'Bearer s3cret'],
])('%s is read from its file', async (_, secrets, expected) => {
  using folder = tempFolder()
  writeFileSync(folder.join('secret'), 's3cret\n', { mode: 0o600 })
  await using pacs = await StowStub.start(() => ({ status: 200 }))
  const server = { url: `${pacs.url}/studies/`, timeoutMs: 10_000, ...secrets(folder.join('secret')) }
  await using client = await StowClient.open(server, systemClock)

  await client.store([instance('1', [Buffer.from('x')])], never)

  expect(pacs.requests[0]?.headers.authorization).toBe(expected)
})

test('a server that is not there is unavailable', async () => {
  await using client = await StowClient.open({ url: 'http://127.0.0.1:1', timeoutMs: 10_000 }, systemClock)

  const answer = await client.store([instance('1', [Buffer.from('x')])], never)

  expect(answer).toMatchObject({ kind: 'unavailable', failure: { code: 'PACS_UNREACHABLE' } })
})

test('a server that takes the request and says nothing is given up on', async () => {
  const silent = createServer((socket) => void socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  await using client = await StowClient.open({ url, timeoutMs: 50 }, systemClock)

  const answer = await client.store([instance('1', [Buffer.from('x')])], never)

  // It may be because of the instance.
  expect(answer).toMatchObject({ kind: 'unclear', failure: { code: 'PACS_UNREACHABLE' } })
  silent.close()
})

test('an instance that cannot be read is not the fault of the server', async () => {
  await using pacs = await StowStub.start(() => ({ status: 200 }))
  await using client = await StowClient.open({ url: pacs.url, timeoutMs: 10_000 }, systemClock)
  const broken: StowInstance = {
    sopInstanceUid: '1',
    bytes: 10,
    // oxlint-disable-next-line require-yield
    async *content() {
      throw new Failure('STORAGE_ERROR', 'reading a stored instance: gone')
    },
  }

  await expect(client.store([broken], never)).rejects.toMatchObject({ code: 'STORAGE_ERROR' })
})

function instance(sopInstanceUid: string, pieces: readonly Buffer[]): StowInstance {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return {
    sopInstanceUid,
    bytes,
    async *content() {
      yield* pieces
    },
  }
}

function btoaUtf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}
