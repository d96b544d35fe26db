import { statSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { openQueue } from '../../src/agent/queue/open-queue.ts'
import { QuietTimes } from '../../src/agent/settle/quiet-times.ts'
import { Settlement } from '../../src/agent/settle/settlement.ts'
import { silentLog } from '../../src/platform/log.ts'
import { agentAnswerSchema, CENTER_PATHS, manifestAnswerSchema } from '../../src/protocol/center-api.ts'
import { receiptKeys, verifyKeyList } from '../../src/protocol/key-list.ts'
import { verifyManifest } from '../../src/protocol/manifest.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { deliverRows, storeRows } from '../support/instances/large-study.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, openClinic } from '../support/programs/clinic.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { STORED_INSTANCES, STUDY_BATCHES } from './fault-sizes.ts'

const STUDY = '1.1'
const BATCH = 3

test('the manifests of a study that grows all day cost as much as what is new, not as what there is', async () => {
  const clock = new FastClock(200)
  await using center = await RunningCenter.start({ clock })
  const agent = await center.enrol()
  const { keys } = agentAnswerSchema.parse((await agent.ask('GET', CENTER_PATHS.agent)).json)
  const trusted = receiptKeys(verifyKeyList(keys ?? { rootKey: '', jws: '' }, center.made.center))
  using folder = tempFolder()
  const index = folder.join('queue.sqlite')
  using queue = await openQueue(folder.path, clock, ['center'])
  let [bytes, listed, versions] = [0, 0, 0]
  let confirmed = Promise.withResolvers<void>()
  const settlement = new Settlement({
    destination: 'center',
    studies: queue.studies,
    receipted: queue.receipted,
    alarms: queue.alarms,
    failedRequests: queue.failedRequests,
    quiet: new QuietTimes(clock, 0),
    signingKey: agent.key,
    center: center.made.center,
    receiptKeys: () => trusted,
    questions: {
      askAgent: async () => {},
      postManifest: async (jws) => {
        bytes += jws.length
        versions++
        listed += verifyManifest(jws, [agent.key]).instances.length
        const { json } = await agent.ask('POST', CENTER_PATHS.manifests, { body: jws })
        return manifestAnswerSchema.parse(json)
      },
    },
    hints: { confirmed: () => confirmed.resolve(), requeued: () => {}, unchained: () => {} },
    retentionClock: { latest: () => 0 },
    clock,
    log: silentLog,
  })
  const stop = new AbortController()
  const run = settlement.run(stop.signal)
  const half: number[] = []
  const started = performance.now()
  for (let batch = 0; batch < STUDY_BATCHES; batch++) {
    confirmed = Promise.withResolvers<void>()
    storeRows(center.folder, agent.key.kid, STUDY, BATCH, batch * BATCH)
    deliverRows(index, STUDY, BATCH, batch * BATCH)
    settlement.wake()
    await confirmed.promise
    if (batch === Math.floor(STUDY_BATCHES / 2) - 1) half.push(bytes)
  }
  stop.abort()
  await run
  const instances = STUDY_BATCHES * BATCH
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stdout.write(
    `${instances} instances in ${STUDY_BATCHES} batches: ${bytes} bytes of manifests, ${Math.round(bytes / instances)} per instance; ` +
      `index of the agent ${statSync(index).size} bytes; ${seconds} s\n`,
  )
  expect(versions).toBe(STUDY_BATCHES)
  expect(listed).toBe(instances)
  expect(queue.studies.get('center', STUDY)).toMatchObject({ state: 'confirmed', confirmed: instances })
  // Half of the batches cost half of the bytes.
  expect((half[0] ?? 0) / bytes).toBeGreaterThan(0.48)
  expect(bytes).toBeLessThan(450 * instances + 800 * versions)
}, 1_200_000)

test('a study that a device sends in one go is confirmed, however large it is', async () => {
  await using clinic = await openClinic({ settings: { study: { quietMs: 2000 } } })
  const studyInstanceUid = newUid()
  const seriesInstanceUid = newUid()
  const started = performance.now()
  for (let sent = 0; sent < STORED_INSTANCES; ) {
    const batch = Array.from({ length: Math.min(500, STORED_INSTANCES - sent) }, () =>
      inventedInstance(16, { studyInstanceUid, seriesInstanceUid }),
    )
    const lanes = [0, 1, 2, 3].map((lane) => batch.filter((_, at) => at % 4 === lane))
    const answers = (await Promise.all(lanes.map((lane) => sendInstances(clinic.agent.port, lane)))).flat()
    expect(answers.every(({ status }) => status === 0)).toBe(true)
    sent += batch.length
  }
  expect(await allSettled(clinic, 1_800_000)).toMatchObject({ confirmed: STORED_INSTANCES, held: 0 })
  const { service } = clinic.agent
  const { study, evidence } = service.study(studyInstanceUid) ?? {}
  expect(study).toMatchObject({ state: 'confirmed', confirmed: STORED_INSTANCES })
  expect(service.status().alarms).toEqual([])
  const proofs = (evidence?.parts ?? []).map(({ version, part }) =>
    service.evidence(studyInstanceUid, version, part),
  )
  const bytes = proofs.reduce((sum, proof) => sum + (proof?.manifest.length ?? 0), 0)
  expect(proofs.every((proof) => typeof proof?.receipt === 'string')).toBe(true)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  process.stdout.write(
    `${STORED_INSTANCES} instances by C-STORE: ${proofs.length} parts of manifests, ${bytes} bytes, ` +
      `${Math.round(bytes / STORED_INSTANCES)} per instance; ${seconds} s\n`,
  )
}, 2_700_000)
