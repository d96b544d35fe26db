import { monitorEventLoopDelay } from 'node:perf_hooks'
import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../src/agent/queue/open-queue.ts'
import { QuietTimes } from '../../src/agent/settle/quiet-times.ts'
import { Settlement } from '../../src/agent/settle/settlement.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { agentAnswerSchema, CENTER_PATHS, manifestAnswerSchema } from '../../src/protocol/center-api.ts'
import { jwsDigest } from '../../src/protocol/jws.ts'
import { receiptKeys, verifyKeyList } from '../../src/protocol/key-list.ts'
import { PART_INSTANCES, verifyManifest } from '../../src/protocol/manifest.ts'
import { verifyReceipt } from '../../src/protocol/receipt.ts'
import type { VerifyKey } from '../../src/protocol/signing-key.ts'
import { type EnrolledAgent, RunningCenter } from '../support/centers/running-center.ts'
import { until } from '../support/clocks/until.ts'
import { deliverRows, storeRows } from '../support/instances/large-study.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { isLong, STUDY_INSTANCES } from './fault-sizes.ts'

const STUDY = '1.1'
interface Posted {
  readonly status: number
  readonly bytes: number
}

async function keysOf(center: RunningCenter, agent: EnrolledAgent): Promise<VerifyKey[]> {
  const { keys } = agentAnswerSchema.parse((await agent.ask('GET', CENTER_PATHS.agent)).json)
  return receiptKeys(verifyKeyList(keys ?? { rootKey: '', jws: '' }, center.made.center))
}

/** Settles what the queue has, at a real center's front, until the study is confirmed. */
async function settle(
  { center, agent, queue }: { center: RunningCenter; agent: EnrolledAgent; queue: Queue },
  partInstances: number,
): Promise<Posted[]> {
  const keys = await keysOf(center, agent)
  const posted: Posted[] = []
  const settlement = new Settlement({
    destination: 'center',
    studies: queue.studies,
    receipted: queue.receipted,
    alarms: queue.alarms,
    failedRequests: queue.failedRequests,
    quiet: new QuietTimes(systemClock, 0),
    signingKey: agent.key,
    partInstances,
    center: center.made.center,
    receiptKeys: () => keys,
    questions: {
      askAgent: async () => {},
      postManifest: async (jws) => {
        const { status, json } = await agent.ask('POST', CENTER_PATHS.manifests, { body: jws })
        posted.push({ status, bytes: jws.length })
        return manifestAnswerSchema.parse(json)
      },
    },
    hints: { requeued: () => {}, confirmed: () => {}, unchained: () => {} },
    retentionClock: { latest: () => 0 },
    clock: systemClock,
    log: silentLog,
  })
  const stop = new AbortController()
  const run = settlement.run(stop.signal)
  await until(
    () => queue.studies.counts('center').confirmed,
    (confirmed) => confirmed === 1,
    isLong ? 1_800_000 : 240_000,
  )
  stop.abort()
  await run
  return posted
}

test.each([
  [STUDY_INSTANCES, PART_INSTANCES],
  [50, 1],
  [1000, 999],
  [1000, 1000],
  [1000, 1001],
])(
  'a study of %d instances is confirmed by manifests of at most %d, none of which the center refuses',
  async (count, partInstances) => {
    await using center = await RunningCenter.start()
    const agent = await center.enrol()
    storeRows(center.folder, agent.key.kid, STUDY, count)
    using folder = tempFolder()
    const index = folder.join('queue.sqlite')
    ;(await openQueue(folder.path, systemClock, ['center']))[Symbol.dispose]()
    deliverRows(index, STUDY, count)
    using queue = await openQueue(folder.path, systemClock, ['center'])

    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const started = performance.now()
    const posted = await settle({ center, agent, queue }, partInstances)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    delay.disable()

    const parts = Math.ceil(count / partInstances)
    expect(posted.map(({ status }) => status)).toEqual(Array.from({ length: parts }, () => 200))
    expect(queue.deliveries.counts('center')).toMatchObject({ confirmed: count, delivered: 0 })
    expect(queue.studies.evidence('center', STUDY)).toEqual({
      version: 1,
      parts: Array.from({ length: parts }, (_, at) => ({ version: 1, part: at + 1 })),
    })
    const keys = await keysOf(center, agent)
    const listed = new Set<string>()
    let previous: string | null = null
    let receipted: string | null = null
    for (let part = 1; part <= parts; part++) {
      const row = { studyInstanceUid: STUDY, version: 1, part }
      const { manifest = '', receipt = '' } = queue.studies.evidencePart('center', row) ?? {}
      const list = verifyManifest(manifest, [agent.key])
      expect(list).toMatchObject({ version: 1, part, parts, previous })
      for (const { ulid } of list.instances) listed.add(ulid)
      previous = jwsDigest(manifest)
      const said = verifyReceipt(receipt ?? '', keys)
      expect(said).toMatchObject({ part, parts, counter: part, previous: receipted, manifest: previous })
      receipted = jwsDigest(receipt ?? '')
    }
    expect(listed.size).toBe(count)
    const longestMs = Math.round(delay.max / 1e6)
    const largest = Math.max(...posted.map(({ bytes }) => bytes))
    process.stdout.write(
      `${count} instances in ${parts} parts of at most ${largest} bytes: ${seconds} s; agent and center in one process, longest turn ${longestMs} ms\n`,
    )
  },
  isLong ? 2_400_000 : 300_000,
)
