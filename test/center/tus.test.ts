import { readFileSync } from 'node:fs'
import { Agent as HttpsAgent, request } from 'node:https'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { DefaultHttpStack, Upload, type UploadOptions } from 'tus-js-client'
import { DEFAULT_LIMITS } from '../../src/center/center.ts'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { PackStore } from '../../src/center/store/pack-store.ts'
import { PackUploads } from '../../src/center/uploads/pack-uploads.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import { packOf, spoolFile } from '../support/instances/spool-file-fixture.ts'

const MEBIBYTE = 1024 * 1024
const opened: HttpsAgent[] = []
afterEach(() => {
  for (const agent of opened.splice(0)) agent.destroy()
})

test('tus-js-client uploads a pack in chunks', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await bigPack(center, agent)

  const location = await upload(center, agent, pack, { chunkSize: MEBIBYTE })

  expect(await agent.answered(location)).toMatchObject({ members: [{ state: 'stored' }] })
})

test('tus-js-client resumes after its line was cut, and sends only what is missing', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await bigPack(center, agent)
  const { location } = (await agent.create(pack)).headers
  const kept = await cutOff(center, agent, String(location), pack.bytes, 2 * MEBIBYTE)

  let first: number | undefined
  const onProgress = (sent: number): void => void (first ??= sent)
  await upload(center, agent, pack, { uploadUrl: `${center.url}${location}`, onProgress })

  expect(kept).toBeGreaterThan(MEBIBYTE)
  expect(first).toBeGreaterThanOrEqual(kept)
  expect(await agent.answered(String(location))).toMatchObject({ members: [{ state: 'stored' }] })
})

test('bytes that arrived before a break are all kept, and the offset tells how many', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await bigPack(center, agent)
  const location = String((await agent.create(pack)).headers.location)

  const offset = await cutOff(center, agent, location, pack.bytes, 3 * MEBIBYTE)

  expect(offset).toBe(3 * MEBIBYTE)
  const file = readFileSync(join(center.folder, 'packs', location.slice(-26)))
  expect(file.equals(pack.bytes.subarray(0, offset))).toBe(true)
})

test('a pack that was answered, and its file removed, after its row was read has arrived as a whole', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await bigPack(center, agent)
  const location = await upload(center, agent, pack, {})
  await agent.answered(location)
  using open = new DisposableStack()
  const register = open.adopt(openRegister(center.folder), (it) => it.close())
  const packs = await PackStore.open(join(center.folder, 'packs'))
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else is asked for here
  const uploads = new PackUploads({ register, packs, clock: systemClock } as unknown as ConstructorParameters<
    typeof PackUploads
  >[0])
  const row = await register.packs.find(location.slice(-26))
  if (row === undefined) throw new Error('the pack has no row')
  expect(await packs.size(row.uploadId)).toBe(0)
  expect(await uploads.offset({ ...row, answer: null })).toBe(pack.bytes.length)
})

test('a newer request for an upload ends one that hangs on a dead line', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await bigPack(center, agent)
  const location = String((await agent.create(pack)).headers.location)
  const hanging = startPatch(center, agent, location, pack.bytes.length)
  const broken = new Promise((resolve) => hanging.once('error', resolve))
  await new Promise((resolve) => hanging.write(pack.bytes.subarray(0, MEBIBYTE), resolve))

  const offset = await offsetOf(agent, location)
  const answer = await agent.patch(location, offset, pack.bytes.subarray(offset))

  expect(answer.status).toBe(204)
  expect(answer.headers['upload-offset']).toBe(String(pack.bytes.length))
  await broken
})

test('the center says what it can', async () => {
  await using center = await RunningCenter.start()

  const answer = await center.ask('OPTIONS', CENTER_PATHS.packs)

  expect(answer).toMatchObject({
    status: 204,
    headers: {
      'tus-resumable': '1.0.0',
      'tus-version': '1.0.0',
      'tus-extension': 'creation,creation-with-upload,expiration,termination',
      'tus-max-size': String(DEFAULT_LIMITS.packBytes),
    },
  })
})

test('a request of another version is refused with what version is known', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const location = String((await agent.create(await smallPack(center, agent))).headers.location)

  const answer = await agent.ask('HEAD', location, { headers: { 'tus-resumable': '0.2.2' } })

  expect(answer.status).toBe(412)
  expect(answer.headers['tus-version']).toBe('1.0.0')
})

test('an offset that is not the end of what is here is a conflict, and nothing is written', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await smallPack(center, agent)
  const location = String((await agent.create(pack)).headers.location)
  await agent.patch(location, 0, pack.bytes.subarray(0, 100))

  const ahead = await agent.patch(location, 101, pack.bytes.subarray(101))
  const behind = await agent.patch(location, 0, pack.bytes)

  expect([ahead.status, behind.status]).toEqual([409, 409])
  expect(await offsetOf(agent, location)).toBe(100)
})

test('a body that is not an offset stream, or longer than announced, is refused', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await smallPack(center, agent)
  const location = String((await agent.create(pack)).headers.location)

  const wrongType = await agent.tus('PATCH', location, { headers: { 'upload-offset': 0 }, body: 'x' })
  const tooLong = await agent.patch(location, 0, Buffer.concat([pack.bytes, Buffer.from('x')]))
  const tooLongUnannounced = await chunked(
    center,
    agent,
    location,
    Buffer.concat([pack.bytes, Buffer.from('x')]),
  )

  expect([wrongType.status, tooLong.status, tooLongUnannounced]).toEqual([415, 413, 413])
  expect(await offsetOf(agent, location)).toBe(0)
})

test('a pack announced twice is one upload, and of a body that is sent again only the rest is taken', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await smallPack(center, agent)
  const first = await agent.create(pack)
  await agent.patch(String(first.headers.location), 0, pack.bytes.subarray(0, 700))

  const second = await agent.create(pack)
  const third = await agent.create(pack, pack.bytes)
  const fourth = await agent.create(pack, pack.bytes)

  expect([second, third, fourth].map(({ status, headers }) => [status, headers.location])).toEqual(
    [second, third, fourth].map(() => [201, first.headers.location]),
  )
  expect(third.headers['upload-offset']).toBe(String(pack.bytes.length))
  expect(fourth.headers['upload-offset']).toBe(String(pack.bytes.length))
  expect(await agent.answered(String(first.headers.location))).toMatchObject({
    members: [{ state: 'stored' }],
  })
})

test('a pack announced again with another length is refused', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const pack = await smallPack(center, agent)
  await agent.create(pack)

  const again = await agent.create({ ...pack, bytes: Buffer.alloc(5) })

  expect([again.status, again.json]).toMatchObject([409, { code: 'PACK_INVALID' }])
})

test.each([
  ['without its length', {}, 400],
  ['of nothing', { 'upload-length': 0 }, 400],
  ['over the limit', { 'upload-length': 2000 }, 413],
  ['without its name', { 'upload-length': 2, 'upload-metadata': 'filename eA==' }, 400],
])('an upload %s is refused', async (_, headers, status) => {
  await using center = await RunningCenter.start({
    limits: { ...DEFAULT_LIMITS, reserveBytes: 0, packBytes: 1000 },
  })
  const agent = await center.enrol()

  const answer = await agent.tus('POST', CENTER_PATHS.packs, { headers })

  expect(answer.status).toBe(status)
})

test('no upload begins where the disk would run full', async () => {
  await using center = await RunningCenter.start({ limits: { ...DEFAULT_LIMITS, reserveBytes: 2 ** 60 } })
  const agent = await center.enrol()

  const answer = await agent.create({ pack: newUlid(1), bytes: Buffer.alloc(1) })

  expect([answer.status, answer.json]).toMatchObject([507, { code: 'STORAGE_FULL' }])
})

test("another agent's upload does not exist", async () => {
  await using center = await RunningCenter.start()
  const [owner, other] = [await center.enrol('owner'), await center.enrol('other')]
  const pack = await smallPack(center, owner)
  const location = String((await owner.create(pack)).headers.location)

  const answers = await Promise.all([
    other.tus('HEAD', location),
    other.patch(location, 0, pack.bytes),
    other.tus('DELETE', location),
    other.ask('GET', `${location}/answer`),
  ])

  expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404, 404])
  expect((await owner.tus('HEAD', location)).status).toBe(200)
})

test('an upload that was ended is gone', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const location = String((await agent.create(await smallPack(center, agent))).headers.location)

  expect((await agent.tus('DELETE', location)).status).toBe(204)

  expect((await agent.tus('HEAD', location)).status).toBe(404)
})

test('the method may be given in X-HTTP-Method-Override', async () => {
  await using center = await RunningCenter.start()
  const agent = await center.enrol()
  const location = String((await agent.create(await smallPack(center, agent))).headers.location)

  const answer = await agent.tus('POST', location, { headers: { 'x-http-method-override': 'DELETE' } })

  expect(answer.status).toBe(204)
})

test('an upload that never became whole is forgotten after its time, and says so beforehand', async () => {
  const clock = new ManualClock()
  await using center = await RunningCenter.start({ clock })
  const agent = await center.enrol()
  const created = await agent.create(await smallPack(center, agent))

  expect(created.headers['upload-expires']).toBe(new Date(clock.now() + DEFAULT_LIMITS.lifeMs).toUTCString())
  clock.advance(DEFAULT_LIMITS.lifeMs + 2 * 3600 * 1000)

  await until(
    () => center.desk.status(),
    ({ packsUnderWay }) => packsUnderWay === 0,
  )
  expect((await agent.tus('HEAD', String(created.headers.location))).status).toBe(404)
})

async function bigPack(center: RunningCenter, agent: EnrolledAgent) {
  const dataSet = Buffer.alloc(6 * MEBIBYTE, 'ferry ')
  return packOf([spoolFile({ recipients: await center.recipients(agent), dataSet })])
}

async function smallPack(center: RunningCenter, agent: EnrolledAgent) {
  return packOf([spoolFile({ recipients: await center.recipients(agent) })])
}

async function offsetOf(agent: EnrolledAgent, location: string): Promise<number> {
  return Number((await agent.tus('HEAD', location)).headers['upload-offset'])
}

/** Uploads with the reference client; resolves to the path of the upload. */
function upload(
  center: RunningCenter,
  agent: EnrolledAgent,
  pack: { pack: string; bytes: Buffer },
  options: UploadOptions,
): Promise<string> {
  const https = new HttpsAgent({ rejectUnauthorized: false })
  opened.push(https)
  return new Promise((resolve, reject) => {
    const sending = new Upload(pack.bytes, {
      endpoint: `${center.url}${CENTER_PATHS.packs}`,
      httpStack: new DefaultHttpStack({ agent: https }),
      headers: { Authorization: `Bearer ${agent.token()}` },
      metadata: { pack: pack.pack },
      retryDelays: [],
      ...options,
      onError: reject,
      onSuccess: () => resolve(new URL(sending.url ?? '').pathname),
    })
    sending.start()
  })
}

function startPatch(center: RunningCenter, agent: EnrolledAgent, location: string, bytes?: number) {
  return request({
    host: '127.0.0.1',
    port: center.port,
    method: 'PATCH',
    path: location,
    agent: false,
    rejectUnauthorized: false,
    headers: {
      authorization: `Bearer ${agent.token()}`,
      'tus-resumable': '1.0.0',
      'upload-offset': 0,
      'content-type': 'application/offset+octet-stream',
      ...(bytes === undefined ? {} : { 'content-length': bytes }),
    },
  })
}

/** Sends `bytes` of a pack, waits until they are through, breaks the line, and asks what was kept. */
async function cutOff(
  center: RunningCenter,
  agent: EnrolledAgent,
  location: string,
  whole: Buffer,
  bytes: number,
): Promise<number> {
  const patch = startPatch(center, agent, location, whole.length)
  const broken = new Promise((resolve) => patch.once('close', resolve))
  patch.on('error', () => {}).on('response', (response) => void response.on('error', () => {}).resume())
  await new Promise((resolve) => patch.write(whole.subarray(0, bytes), resolve))
  // Bytes that the kernel has taken arrive ahead of the end of the line; TLS's close_notify follows them.
  patch.socket?.end()
  await broken
  return offsetOf(agent, location)
}

/** A body without a length beforehand; resolves to the status. */
function chunked(
  center: RunningCenter,
  agent: EnrolledAgent,
  location: string,
  body: Buffer,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const patch = startPatch(center, agent, location)
    patch.once('error', reject)
    patch.once('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    patch.end(body)
  })
}
