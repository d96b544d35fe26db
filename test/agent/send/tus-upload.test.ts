import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { CenterAccount } from '../../../src/agent/send/center-account.ts'
import { CenterClient } from '../../../src/agent/send/center-client.ts'
import { ChunkSize } from '../../../src/agent/send/chunk-size.ts'
import { Pace } from '../../../src/agent/send/pace.ts'
import { uploadPack } from '../../../src/agent/send/tus-upload.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { newUlid } from '../../../src/protocol/ulid.ts'
import { FaultProxy } from '../../support/lines/fault-proxy.ts'
import { type Clinic, openClinic } from '../../support/programs/clinic.ts'

const MIB = 1024 * 1024
const CHUNK = 2 * MIB

/** Counts what is read to be sent. */
function countedSource(content: Buffer) {
  return {
    bytes: content.length,
    bytesRead: 0,
    async *range(from: number, to: number): AsyncGenerator<Buffer> {
      for (let at = from; at < to; at += 65_536) {
        const block = content.subarray(at, Math.min(at + 65_536, to))
        this.bytesRead += block.length
        yield block
      }
    },
  }
}

async function clientThrough(clinic: Clinic, port: number): Promise<CenterClient> {
  const account = await CenterAccount.open(clinic.settings.dataFolder)
  const { center, tlsPin } = account.address()
  const url = `https://127.0.0.1:${port}`
  return new CenterClient({
    url,
    center,
    pins: () => [tlsPin],
    signingKey: account.signingKey,
    clock: systemClock,
  })
}

test('a cut line costs at most one chunk a cut, and the upload goes on from the offset of the center', async () => {
  await using clinic = await openClinic()
  await using proxy = await FaultProxy.start(clinic.center.port)
  const source = countedSource(randomBytes(11 * MIB))
  const pack = newUlid(Date.now())
  let url: string | undefined
  const upload = {
    source,
    pack,
    chunkSize: new ChunkSize(CHUNK),
    clock: systemClock,
    hasPriority: false,
    pace: new Pace(systemClock, Number.POSITIVE_INFINITY),
    created: (created: string) => {
      url = created
    },
    reached: () => {},
  }
  const attempt = async (): Promise<string> => {
    await using client = await clientThrough(clinic, proxy.port)
    return await uploadPack({ ...upload, client }, url)
  }
  for (const cutAfter of [5 * MIB, 100_000, 3 * MIB + 17]) {
    proxy.cutAfter(cutAfter)
    await expect(attempt()).rejects.toMatchObject({ code: 'CENTER_UNREACHABLE' })
  }
  const first = url
  expect(await attempt()).toBe(first)
  expect(proxy.cuts).toBe(3)
  expect(source.bytesRead).toBeLessThanOrEqual(source.bytes + 3 * CHUNK)
  await using client = await clientThrough(clinic, proxy.port)
  const head = await client.request({
    method: 'HEAD',
    path: first ?? '',
    headers: { 'tus-resumable': '1.0.0' },
  })
  expect(head.headers['upload-offset']).toBe(String(source.bytes))
})

test('an upload that is asked for twice under one pack name is one upload', async () => {
  await using clinic = await openClinic()
  await using client = await clientThrough(clinic, clinic.center.port)
  const urls: string[] = []
  const upload = {
    client,
    source: countedSource(randomBytes(1000)),
    pack: newUlid(Date.now()),
    chunkSize: new ChunkSize(CHUNK),
    clock: systemClock,
    hasPriority: false,
    pace: new Pace(systemClock, Number.POSITIVE_INFINITY),
    created: (created: string) => urls.push(created),
    reached: () => {},
  }
  await uploadPack(upload, undefined)
  await uploadPack(upload, undefined)
  expect(urls).toHaveLength(2)
  expect(urls[0]).toBe(urls[1])
})
