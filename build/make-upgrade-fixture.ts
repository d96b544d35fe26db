// Writes test/vectors/upgrade/VERSION/: the folders of an agent and its center as this version leaves them, with
// something in every state. Run it once before a version is released; test/faults/upgrade.test.ts then proves that every
// later version carries it to the end. A fixture that exists is never written again.
//   node_modules/.bin/node build/make-upgrade-fixture.ts && npm run format
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { openQueue, type Queue } from '../src/agent/queue/open-queue.ts'
import type { PackRecord } from '../src/agent/queue/packs.ts'
import { CenterAccount } from '../src/agent/send/center-account.ts'
import { CenterClient } from '../src/agent/send/center-client.ts'
import { CenterUpload } from '../src/agent/send/center-upload.ts'
import { CENTER } from '../src/agent/send/destination.ts'
import { Pace } from '../src/agent/send/pace.ts'
import { PackSource } from '../src/agent/send/pack-source.ts'
import { closeStudy } from '../src/agent/settle/close-study.ts'
import { systemClock as clock } from '../src/platform/clock.ts'
import { Failure } from '../src/platform/failure.ts'
import { CENTER_PATHS } from '../src/protocol/center-api.ts'
import { PART_INSTANCES } from '../src/protocol/manifest.ts'
import { inventedInstance } from '../test/support/instances/invented-instance.ts'
import { newUid, spoolInstance } from '../test/support/instances/sealed-instance.ts'
import { sendInstances } from '../test/support/peers/send-instances.ts'
import { allSettled, type Clinic, openClinic } from '../test/support/programs/clinic.ts'

const FOLDER = join(import.meta.dirname, '..', 'test', 'vectors', 'upgrade')
/** Bytes of the unfinished pack that are at the center. */
const PARTIAL_BYTES = 5000

const packagePath = join(import.meta.dirname, '../package.json')
const packageJson = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packagePath, 'utf8')))

interface Scene {
  queue: Queue
  account: CenterAccount
  client: CenterClient
}

/** Takes `count` instances of one study on, as intake does. */
async function takeIn({ queue, account }: Scene, count: number, sopInstanceUid?: string): Promise<string> {
  const studyInstanceUid = newUid()
  const recipients = account.keyList().seal.map(({ recipient }) => recipient)
  for (let i = 0; i < count; i++) {
    const invented = inventedInstance(1500, {
      studyInstanceUid,
      ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
    })
    await queue.acceptance.accept(await spoolInstance(queue.spool, { ...invented, recipients }))
  }
  return studyInstanceUid
}

function form({ queue }: Scene): PackRecord {
  const pack = queue.packs.formNext(CENTER, { bytes: 1024 * 1024, members: 100 })
  if (pack === undefined) throw new Error('nothing is queued')
  return pack
}

/** The center has stored it; no receipt yet. */
async function deliver(scene: Scene): Promise<void> {
  const { queue, client } = scene
  const { packs, spool } = queue
  const pace = new Pace(clock, Number.POSITIVE_INFINITY)
  const upload = new CenterUpload({
    client,
    keyRefresh: { ask: () => Promise.reject(new Error('the center is not asked')) },
    packs,
    spool,
    clock,
    chunkBytes: 1024 * 1024,
    hasUrgent: false,
    pace,
  })
  const pack = form(scene)
  const outcomes = await upload.deliver(pack, () => {}, new AbortController().signal)
  packs.settle(CENTER, pack.header.pack, outcomes)
}

/** A signed manifest is written down and not posted. */
async function close({ queue: { studies }, account }: Scene, study: string): Promise<void> {
  const means = {
    destination: CENTER,
    studies,
    signingKey: account.signingKey,
    partInstances: PART_INSTANCES,
    clock,
  }
  await closeStudy(means, study, new AbortController().signal)
}

function settle(scene: Scene, outcome: 'held' | 'again', failure: Failure): void {
  const { header } = form(scene)
  const nextAttemptAt = clock.now() + 60_000
  const outcomes = header.members.map(({ ulid }) => ({ ulid, outcome, failure, nextAttemptAt }))
  scene.queue.packs.settle(CENTER, header.pack, outcomes)
}

/** The first bytes of a pack are at the center when everything stops. */
async function breakOff(scene: Scene): Promise<void> {
  const { queue, client } = scene
  const { header } = form(scene)
  const source = PackSource.of(header, queue.spool)
  const metadata = `pack ${Buffer.from(header.pack).toString('base64')}`
  const created = await client.request({
    method: 'POST',
    path: CENTER_PATHS.packs,
    headers: { 'tus-resumable': '1.0.0', 'upload-length': String(source.bytes), 'upload-metadata': metadata },
  })
  const url = String(created.headers['location'])
  queue.packs.recordUpload(header.pack, url)
  await client.request({
    method: 'PATCH',
    path: url,
    headers: {
      'tus-resumable': '1.0.0',
      'content-type': 'application/offset+octet-stream',
      'content-length': String(PARTIAL_BYTES),
      'upload-offset': '0',
    },
    body: source.range(0, PARTIAL_BYTES),
  })
}

async function fill(clinic: Clinic): Promise<void> {
  const account = await CenterAccount.open(clinic.settings.dataFolder)
  const { url, center, tlsPin } = account.address()
  const { signingKey } = account
  await using client = new CenterClient({ url, center, pins: () => [tlsPin], signingKey, clock })
  using queue = await openQueue(clinic.settings.dataFolder, clock, [CENTER])
  const scene = { queue, account, client }

  await takeIn(scene, 1)
  await deliver(scene)
  const closed = await takeIn(scene, 2)
  await deliver(scene)
  await close(scene, closed)
  await takeIn(scene, 1)
  settle(scene, 'held', new Failure('INSTANCE_REFUSED', 'the center says: not today'))
  await takeIn(scene, 1)
  settle(scene, 'again', new Failure('DIGEST_MISMATCH', 'the center says: other bytes than were sealed'))
  await takeIn(scene, 4)
  await breakOff(scene)
  // The same SOP instance twice with different bytes: a conflict.
  await takeIn(scene, 2, newUid())
  await takeIn(scene, 2)
  const unreachable = new Failure('CENTER_UNREACHABLE', 'connecting to the center: ECONNREFUSED')
  queue.destinationTrouble.set(CENTER, unreachable, 3, clock.now() + 30_000)
  queue.alarms.raise('RECEIPT_MISMATCH', newUid(), "checking the center's receipt: version is 2, not 1")
}

const target = join(FOLDER, packageJson.version)
if (existsSync(target)) throw new Error(`${target} exists: a released fixture is never written again`)
await using clinic = await openClinic()
await sendInstances(clinic.agent.port, [inventedInstance(1500), inventedInstance(1500)])
await allSettled(clinic)
await clinic.stopAgent()
await fill(clinic)
await clinic.stopCenter()
for (const name of ['agent', 'center']) {
  cpSync(join(clinic.folder, name), join(target, name), {
    recursive: true,
    filter: (source) => !['lock', 'control.sock'].includes(basename(source)),
  })
}
process.stdout.write(`${target}\n`)
