import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { DEFAULT_LIMITS } from '../../src/center/center.ts'
import { ballastBytes } from '../../src/platform/ballast.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { type Answer, type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import { packOf, type SpoolFixture, spoolFile } from '../support/instances/spool-file-fixture.ts'
import { RecordingLog } from '../support/recording-log.ts'
import { describeWithSmallDisks } from './support/disk-mount.ts'
import { Flood, manifestOf, repeated } from './support/flood.ts'
import { MEBIBYTE, RESERVE_BYTES, SmallDiskCenter } from './support/small-disk-center.ts'

const MINUTE_MS = 60_000

describeWithSmallDisks('an agent that was taken over, and the disk of the center', () => {
  test('four announced uploads of 120 MB do not break into the reserve', async () => {
    await using small = await SmallDiskCenter.start()
    const agent = await small.center.enrol()
    const bytes = Buffer.alloc(120_000_000)

    const answers = await Promise.all(Array.from({ length: 4 }, () => announceAndSend(agent, bytes)))

    expect(answers.map(({ status }) => status)).toContain(507)
    expect(small.disk.freeBytes).toBeGreaterThanOrEqual(RESERVE_BYTES)
  })

  test('uploads that were announced at the same time do not share the same room', async () => {
    await using small = await SmallDiskCenter.start()
    const agents = await Promise.all(['one', 'two', 'three', 'four'].map((name) => small.center.enrol(name)))
    const bytes = Buffer.alloc(60_000_000)

    const answers = await Promise.all(agents.map((agent) => announceAndSend(agent, bytes)))

    const statuses = answers.map(({ status }) => status)
    expect(statuses).toContain(201)
    expect(statuses).toContain(507)
    expect(small.disk.freeBytes).toBeGreaterThanOrEqual(RESERVE_BYTES)
  })

  test('an upload that was admitted stops at the reserve when others fill the disk, and goes on from there', async () => {
    await using small = await SmallDiskCenter.start()
    const agent = await small.center.enrol()
    const file = spoolFile({
      recipients: await small.center.recipients(agent),
      dataSet: Buffer.alloc(30 * MEBIBYTE, 'ferry '),
    })
    const pack = packOf([file])
    const location = String((await agent.create(pack)).headers.location)
    small.disk.fill(RESERVE_BYTES + 10 * MEBIBYTE)

    const refused = await agent.patch(location, 0, pack.bytes)

    expect([refused.status, refused.json]).toMatchObject([507, { code: 'STORAGE_FULL' }])
    expect(small.disk.freeBytes).toBeGreaterThanOrEqual(RESERVE_BYTES)
    const offset = Number((await agent.tus('HEAD', location)).headers['upload-offset'])
    expect(offset).toBeGreaterThan(8 * MEBIBYTE)
    small.disk.clean()
    expect((await agent.patch(location, offset, pack.bytes.subarray(offset))).status).toBe(204)
    expect(await agent.answered(location)).toMatchObject({ members: [{ state: 'stored' }] })
  })

  test('a whole pack waits while there is no room for its instances, and is opened when there is', async () => {
    const log = new RecordingLog()
    await using small = await SmallDiskCenter.start({}, { log })
    const agent = await small.center.enrol()
    const recipients = await small.center.recipients(agent)
    const pack = packOf([spoolFile({ recipients, dataSet: Buffer.alloc(20 * MEBIBYTE, 'ferry ') })])
    const location = String((await agent.create(pack)).headers.location)
    await agent.patch(location, 0, pack.bytes.subarray(0, -1))
    small.disk.fill(RESERVE_BYTES + 10 * MEBIBYTE)

    expect((await agent.patch(location, pack.bytes.length - 1, pack.bytes.subarray(-1))).status).toBe(204)

    await until(
      () => log.lines.map(({ message }) => message),
      (messages) => messages.includes('pack cannot be opened yet, it is kept and tried again'),
    )
    expect(instanceFiles(small.center)).toEqual([])
    expect(small.disk.freeBytes).toBeGreaterThanOrEqual(RESERVE_BYTES)
    small.disk.clean()
    expect(await agent.answered(location)).toMatchObject({ members: [{ state: 'stored' }] })
  })

  test('ten manifests of 11 MB do not break into the reserve', async () => {
    await using small = await SmallDiskCenter.start({}, { clock: new ManualClock() })
    const statuses = await postTenManifests(small)
    expect(statuses).toContain(200)
    expect(statuses).toContain(507)
    expect(small.disk.freeBytes).toBeGreaterThanOrEqual(RESERVE_BYTES)
  })

  test('control: without a reserve the same manifests use what would have been the reserve', async () => {
    await using small = await SmallDiskCenter.start({ reserveBytes: 0 }, { clock: new ManualClock() })
    await postTenManifests(small)
    expect(small.disk.freeBytes).toBeLessThan(RESERVE_BYTES)
  })

  test('with no byte free the center answers, its status needs a person, an agent can be revoked, and it stops and starts', async () => {
    await using small = await SmallDiskCenter.start()
    const { center, disk } = small
    const [agent, other] = [await center.enrol('taken over'), await center.enrol('other')]
    expect((await small.status()).act).toEqual([])
    disk.fill()

    expect(disk.freeBytes).toBe(0)
    expect((await agent.ask('GET', CENTER_PATHS.agent)).json).toMatchObject({ state: 'approved' })
    expect((await center.ask('GET', CENTER_PATHS.health)).status).toBe(200)
    expect(await small.status()).toMatchObject({
      exitCode: 13,
      act: expect.arrayContaining(['STORAGE_FULL']),
    })
    await center.desk.revoke(agent.key.kid)
    expect((await agent.ask('GET', CENTER_PATHS.agent)).json).toMatchObject({ state: 'revoked' })
    expect((await small.status()).act).toEqual(['STORAGE_FULL', 'BALLAST_GONE'])
    expect((await other.create({ pack: newUlid(1), bytes: Buffer.alloc(9) })).status).toBe(507)
    await center.close()
    await center.open()
    expect((await other.ask('GET', CENTER_PATHS.agent)).status).toBe(200)
    disk.clean()
    await until(
      () => ballastBytes(center.folder),
      (bytes) => bytes === 16 * MEBIBYTE,
    )
    expect((await small.status()).act).toEqual([])
  })

  test('control: without a ballast an agent cannot be revoked on the full disk', async () => {
    await using small = await SmallDiskCenter.start({ ballastBytes: 0 })
    const agent = await small.center.enrol()
    small.disk.fill()
    await expect(small.center.desk.revoke(agent.key.kid)).rejects.toMatchObject({ code: 'STORAGE_FULL' })
    expect((await agent.ask('GET', CENTER_PATHS.agent)).json).toMatchObject({ state: 'approved' })
  })

  test('an unfinished upload that was not used for ten minutes gives way when its room is needed', async () => {
    const clock = new ManualClock()
    await using small = await SmallDiskCenter.start({}, { clock })
    const [first, second] = [await small.center.enrol('first'), await small.center.enrol('second')]
    const [early, late] = [announcement(60), announcement(60)]
    const location = String((await first.create(early)).headers.location)
    await first.patch(location, 0, Buffer.alloc(40 * MEBIBYTE))

    expect((await second.create(late)).status).toBe(507)
    expect((await first.tus('HEAD', location)).headers['upload-offset']).toBe(String(40 * MEBIBYTE))
    clock.advance(11 * MINUTE_MS)
    expect((await second.create(late)).status).toBe(201)

    expect((await first.tus('HEAD', location)).status).toBe(404)
  })
})

test('an agent at its number of open uploads waits, its unused ones give way, and another agent is not concerned', async () => {
  const clock = new ManualClock()
  await using center = await RunningCenter.start({
    limits: { ...DEFAULT_LIMITS, reserveBytes: 0, agentUploads: 16 },
    clock,
  })
  const [agent, other] = [await center.enrol('agent'), await center.enrol('other')]
  const first = String((await agent.create(announcement(1))).headers.location)
  for (let i = 1; i < 16; i++) expect((await agent.create(announcement(1))).status).toBe(201)

  const refused = await agent.create(announcement(1))

  expect([refused.status, refused.json, refused.headers['retry-after']]).toMatchObject([
    503,
    { code: 'CENTER_BUSY' },
    '30',
  ])
  expect((await other.create(announcement(1))).status).toBe(201)
  clock.advance(11 * MINUTE_MS)
  expect((await agent.create(announcement(1))).status).toBe(201)
  expect((await agent.tus('HEAD', first)).status).toBe(404)
})

test('an agent at its bytes of open uploads waits, and a single upload may be larger', async () => {
  const limits = { ...DEFAULT_LIMITS, reserveBytes: 0, agentBytes: 2 * MEBIBYTE }
  await using center = await RunningCenter.start({ limits })
  const agent = await center.enrol()
  const large = String((await agent.create(announcement(3))).headers.location)
  expect((await agent.create(announcement(1))).status).toBe(503)
  await agent.tus('DELETE', large)
  expect((await agent.create(announcement(1))).status).toBe(201)
  expect((await agent.create(announcement(1))).status).toBe(201)
  expect((await agent.create(announcement(1))).status).toBe(503)
})

test('manifests beyond the share of an hour wait, those of another agent do not, and an hour later they are taken', async () => {
  const clock = new ManualClock()
  const limits = { ...DEFAULT_LIMITS, reserveBytes: 0, agentRecordBytes: MEBIBYTE }
  await using center = await RunningCenter.start({ limits, clock })
  const [agent, other] = [await center.enrol('agent'), await center.enrol('other')]
  const [own, others] = [await delivered(center, agent), await delivered(center, other)]
  const post = (n: number) =>
    postManifest(agent, manifestOf(agent.key, own.envelope.studyInstanceUid, repeated(own, n)))

  expect((await post(2000)).status).toBe(200)
  expect((await post(2001)).status).toBe(200)
  const refused = await post(1)

  expect([refused.status, refused.json, refused.headers['retry-after']]).toMatchObject([
    503,
    { code: 'CENTER_BUSY' },
    '30',
  ])
  expect((await other.create(announcement(1))).status).toBe(201)
  const study = others.envelope.studyInstanceUid
  expect((await postManifest(other, manifestOf(other.key, study, repeated(others, 1)))).status).toBe(200)
  clock.advance(60 * MINUTE_MS)
  expect((await post(1)).status).toBe(200)
})

test('another clinic passes within five seconds during 10,000 announcements, large manifests, bad packs and a slow body', async () => {
  await using center = await RunningCenter.start()
  const [taken, other] = [await center.enrol('taken over'), await center.enrol('other')]
  const recipients = await center.recipients(other)
  const own = await delivered(center, taken)
  await center.close()
  await center.openProcess()
  await using flood = Flood.start(center, taken, own)
  const tookMs: number[] = []

  do {
    const file = spoolFile({ recipients })
    const since = performance.now()
    expect(await other.deliver(packOf([file]))).toMatchObject({ members: [{ state: 'stored' }] })
    const answer = await postManifest(
      other,
      manifestOf(other.key, file.envelope.studyInstanceUid, repeated(file, 1)),
    )
    expect(answer.json).toMatchObject({ receipt: expect.any(String) })
    tookMs.push(performance.now() - since)
  } while (!flood.isOver)

  expect(flood.statuses).toMatchObject({
    announcements: 10_000,
    503: expect.any(Number),
    413: expect.any(Number),
  })
  expect(tookMs.length).toBeGreaterThan(3)
  expect(Math.max(...tookMs)).toBeLessThan(5000)
}, 180_000)

async function announceAndSend(agent: EnrolledAgent, bytes: Buffer): Promise<Answer> {
  const created = await agent.create({ pack: newUlid(Date.now()), bytes })
  if (created.status === 201) await agent.patch(String(created.headers.location), 0, bytes).catch(() => {})
  return created
}

function announcement(mebibytes: number): { pack: string; bytes: Buffer } {
  return { pack: newUlid(Date.now()), bytes: Buffer.alloc(mebibytes * MEBIBYTE) }
}

/** An instance that the agent has brought and the center has stored. */
async function delivered(center: RunningCenter, agent: EnrolledAgent): Promise<SpoolFixture> {
  const file = spoolFile({ recipients: await center.recipients(agent) })
  expect(await agent.deliver(packOf([file]))).toMatchObject({ members: [{ state: 'stored' }] })
  return file
}

/** 300 MiB are free before. */
async function postTenManifests({ center, disk }: SmallDiskCenter): Promise<number[]> {
  disk.fill(300 * MEBIBYTE)
  const agent = await center.enrol()
  const file = await delivered(center, agent)
  const statuses: number[] = []
  for (let i = 0; i < 10; i++) {
    const jws = manifestOf(agent.key, `${file.envelope.studyInstanceUid}.${i}`, repeated(file, 30_000))
    statuses.push((await postManifest(agent, jws)).status)
  }
  return statuses
}

function postManifest(agent: EnrolledAgent, jws: string): Promise<Answer> {
  return agent.ask('POST', CENTER_PATHS.manifests, { body: jws })
}

function instanceFiles(center: RunningCenter): string[] {
  const names = readdirSync(join(center.folder, 'instances'), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.dcm'))
}
