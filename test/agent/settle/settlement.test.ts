import { expect, test } from '@jest/globals'
import { openQueue, type Queue } from '../../../src/agent/queue/open-queue.ts'
import { QuietTimes } from '../../../src/agent/settle/quiet-times.ts'
import { Settlement } from '../../../src/agent/settle/settlement.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { Failure } from '../../../src/platform/failure.ts'
import { silentLog } from '../../../src/platform/log.ts'
import type { ManifestAnswer } from '../../../src/protocol/center-api.ts'
import { jwsDigest } from '../../../src/protocol/jws.ts'
import { type Manifest, signManifest, verifyManifest } from '../../../src/protocol/manifest.ts'
import { type Receipt, signReceipt } from '../../../src/protocol/receipt.ts'
import { newSigningKey, type SigningKey, type VerifyKey } from '../../../src/protocol/signing-key.ts'
import { until } from '../../support/clocks/until.ts'
import { spoolInstance } from '../../support/instances/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const STUDY = '1.1'
const [agentKey, centerKey, strangersKey] = [newSigningKey(), newSigningKey(), newSigningKey()]
const CENTER = 'c'.repeat(64)
const NO_HINTS = { requeued: () => {}, confirmed: () => {}, unchained: () => {} }

/** The receipt that an honest center signs, with the changes of a test. */
function receiptFor(jws: string, change: Partial<Receipt> = {}, key: SigningKey = centerKey): ManifestAnswer {
  const manifest: Manifest = verifyManifest(jws, [agentKey])
  const receipt: Receipt = {
    format: 'ferry-receipt/3',
    suite: 1,
    center: CENTER,
    agent: manifest.agent,
    study: manifest.study,
    version: manifest.version,
    part: manifest.part,
    parts: manifest.parts,
    manifest: jwsDigest(jws),
    receiptedAt: new Date().toISOString(),
    counter: 1,
    previous: null,
    instances: manifest.instances.map((instance) => ({ ...instance, pacs: 'none' })),
    ...change,
  }
  return { receipt: signReceipt(receipt, key) }
}

/** Runs a settlement over one delivered instance until `isDone`, with a center that answers so. */
async function settle(
  answer: (jws: string) => ManifestAnswer,
  isDone: (queue: Queue) => boolean,
  look: (queue: Queue) => void,
  {
    prepare,
    requeued,
    receiptKeys = () => [centerKey],
    renewKeys,
  }: Partial<Record<'prepare' | 'requeued', (queue: Queue) => void>> & {
    receiptKeys?: () => VerifyKey[]
    renewKeys?: () => void
  } = {},
): Promise<void> {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: STUDY }))
  const pack = queue.packs.formNext('center', { bytes: 1e6, members: 10 })
  const members = pack?.header.members ?? []
  queue.packs.settle(
    'center',
    pack?.header.pack ?? '',
    members.map(({ ulid }) => ({ ulid, outcome: 'delivered' })),
  )
  prepare?.(queue)
  const settlement = new Settlement({
    destination: 'center',
    studies: queue.studies,
    receipted: queue.receipted,
    alarms: queue.alarms,
    failedRequests: queue.failedRequests,
    quiet: new QuietTimes(systemClock, 0),
    signingKey: agentKey,
    center: CENTER,
    receiptKeys,
    questions: { askAgent: async () => renewKeys?.(), postManifest: async (jws) => answer(jws) },
    hints: {
      ...NO_HINTS,
      requeued: () => {
        requeued?.(queue)
        settlement.wake()
      },
    },
    retentionClock: { latest: () => 0 },
    clock: systemClock,
    log: silentLog,
  })
  const stop = new AbortController()
  const run = settlement.run(stop.signal)
  await until(() => isDone(queue), Boolean)
  stop.abort()
  await run
  look(queue)
}

test('a study is confirmed by the receipt that says of it what we know', async () => {
  await settle(
    (jws) => receiptFor(jws),
    ({ studies }) => studies.counts('center').confirmed === 1,
    ({ deliveries, alarms }) => {
      expect(deliveries.counts('center').confirmed).toBe(1)
      expect(alarms.list()).toEqual([])
    },
  )
})

test('a receipt by a key that the center announced meanwhile is believed once the list has been asked for, without an alarm', async () => {
  const known: VerifyKey[] = [strangersKey]
  await settle(
    (jws) => receiptFor(jws),
    ({ studies, alarms }) => studies.counts('center').confirmed + alarms.list().length > 0,
    ({ deliveries, alarms }) => {
      expect(alarms.list()).toEqual([])
      expect(deliveries.counts('center').confirmed).toBe(1)
    },
    { receiptKeys: () => known, renewKeys: () => void known.push(centerKey) },
  )
})

test('while the key list cannot be asked for, a receipt by an unknown key is neither believed nor an alarm', async () => {
  const line = new Failure('CENTER_UNREACHABLE', 'the line broke')
  await settle(
    (jws) => receiptFor(jws, {}, strangersKey),
    ({ studies }) => studies.get('center', STUDY)?.reasonCode === 'CENTER_UNREACHABLE',
    ({ deliveries, alarms }) => {
      expect(alarms.list()).toEqual([])
      expect(deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 0 })
    },
    {
      renewKeys: () => {
        throw line
      },
    },
  )
})

const untrue: [string, (jws: string) => ManifestAnswer][] = [
  ['signed by a key that is not the center’s', (jws) => receiptFor(jws, {}, strangersKey)],
  ['for another manifest', (jws) => receiptFor(jws, { manifest: 'e'.repeat(64) })],
  ['of another center', (jws) => receiptFor(jws, { center: 'e'.repeat(64) })],
  ['that is no receipt at all', (jws) => ({ receipt: jws })],
]

test.each(untrue)('a receipt %s is an alarm, and nothing is confirmed', async (_what, answer) => {
  await settle(
    answer,
    ({ alarms }) => alarms.list().length > 0,
    ({ deliveries, studies, alarms }) => {
      expect(alarms.list()).toMatchObject([{ code: 'RECEIPT_MISMATCH', subject: STUDY }])
      expect(deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 0 })
      expect(studies.get('center', STUDY)?.nextAttemptAt).toBeGreaterThan(Date.now() - 1000)
    },
  )
})

test('an instance that the center no longer holds is queued again', async () => {
  await settle(
    (jws) => ({ missing: verifyManifest(jws, [agentKey]).instances.map(({ ulid }) => ulid) }),
    ({ deliveries }) => deliveries.counts('center').queued === 1,
    ({ studies }) => {
      expect(studies.get('center', STUDY)).toMatchObject({ state: 'open' })
    },
  )
})

test('a center that lacks the same instances again and again gets them at growing intervals, and a person is told', async () => {
  let times = 0
  await settle(
    (jws) => {
      times++
      return { missing: verifyManifest(jws, [agentKey]).instances.map(({ ulid }) => ulid) }
    },
    () => times === 2,
    ({ deliveries, packs, alarms }) => {
      expect(deliveries.ofStudy('center', STUDY)[0]?.nextAttemptAt).toBeGreaterThan(Date.now() + 3000)
      expect(packs.formNext('center', { bytes: 1e6, members: 10 })).toBeUndefined()
      expect(alarms.list()).toMatchObject([{ code: 'CENTER_BEHIND', subject: STUDY }])
    },
    {
      requeued: ({ packs }) => {
        const pack = packs.formNext('center', { bytes: 1e6, members: 10 })
        const members = pack?.header.members ?? []
        const outcomes = members.map(({ ulid }) => ({ ulid, outcome: 'delivered' as const }))
        if (pack !== undefined) packs.settle('center', pack.header.pack, outcomes)
      },
    },
  )
})

test('a center that lacks what was not listed is not believed', async () => {
  await settle(
    () => ({ missing: ['01KDYAK3SE00000000000000V1'] }),
    ({ studies }) => studies.get('center', STUDY)?.reasonCode === 'CENTER_ANSWER_INVALID',
    ({ deliveries }) => expect(deliveries.counts('center').delivered).toBe(1),
  )
})

test('a manifest that was signed before the agent lost its key is followed by one of the new key', async () => {
  const lostKey = newSigningKey()
  const posted: Manifest[] = []
  await settle(
    (jws) => {
      posted.push(verifyManifest(jws, [agentKey]))
      return receiptFor(jws)
    },
    ({ studies }) => studies.counts('center').confirmed === 1,
    () => expect(posted).toMatchObject([{ version: 2, agent: agentKey.kid }]),
    {
      prepare: ({ studies }) => {
        const { version } = studies.toList('center', STUDY)
        const instances = studies.instancesAfter('center', STUDY, '', 10)
        const list = {
          format: 'ferry-manifest/3',
          suite: 1,
          study: STUDY,
          version,
          part: 1,
          parts: 1,
          previous: null,
        } as const
        const signed = signManifest(
          { ...list, agent: lostKey.kid, createdAt: new Date().toISOString(), heldCount: 0, instances },
          lostKey,
        )
        studies.addPart('center', STUDY, { version, part: 1, parts: 1, ...signed })
        studies.close('center', STUDY, version, instances.length)
      },
    },
  )
})

/** Two studies of three instances each, and a settlement that lists two in a part. */
async function withTwoStudies(
  postManifest: (jws: string, queue: Queue, signal: AbortSignal) => Promise<ManifestAnswer>,
  use: (queue: Queue, settlement: Settlement) => Promise<void>,
): Promise<void> {
  using folder = tempFolder()
  using queue = await openQueue(folder.path, systemClock, ['center'])
  for (const studyInstanceUid of ['1.1', '1.1', '1.1', '1.2', '1.2', '1.2'])
    await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid }))
  for (let pack; (pack = queue.packs.formNext('center', { bytes: 1e6, members: 10 })) !== undefined; ) {
    const outcomes = pack.header.members.map(({ ulid }) => ({ ulid, outcome: 'delivered' as const }))
    queue.packs.settle('center', pack.header.pack, outcomes)
  }
  const settlement = new Settlement({
    destination: 'center',
    studies: queue.studies,
    receipted: queue.receipted,
    alarms: queue.alarms,
    failedRequests: queue.failedRequests,
    quiet: new QuietTimes(systemClock, 0),
    signingKey: agentKey,
    partInstances: 2,
    center: CENTER,
    receiptKeys: () => [centerKey],
    questions: {
      askAgent: async () => {},
      postManifest: (jws, _, signal) => postManifest(jws, queue, signal),
    },
    hints: NO_HINTS,
    retentionClock: { latest: () => 0 },
    clock: systemClock,
    log: silentLog,
  })
  const stop = new AbortController()
  const run = settlement.run(stop.signal)
  await use(queue, settlement)
  stop.abort()
  await run
}

const manifestOf = (jws: string): Manifest => verifyManifest(jws, [agentKey])

test('a study is confirmed when all parts of its manifest are receipted, and what a part lists as soon as that is', async () => {
  let counter = 0
  let isRefusing = true
  await withTwoStudies(
    async (jws) => {
      if (manifestOf(jws).part === 2 && isRefusing) throw new Failure('CENTER_BUSY', 'later')
      counter++
      return receiptFor(jws, { counter, previous: counter === 1 ? null : 'e'.repeat(64) })
    },
    async (queue, settlement) => {
      await until(
        () => queue.deliveries.counts('center').confirmed,
        (confirmed) => confirmed === 4,
      )
      expect(queue.studies.counts('center')).toEqual({ open: 0, closed: 2, confirmed: 0 })
      expect(queue.studies.get('center', '1.1')).toMatchObject({
        confirmed: 2,
        receiptedAt: null,
        pacs: null,
      })
      // Half a receipt is not what the center is asked about in place of the study's.
      expect(queue.receipted.list('center', 10)).toHaveLength(2)
      isRefusing = false
      settlement.wake()
      await until(
        () => queue.studies.counts('center').confirmed,
        (confirmed) => confirmed === 2,
      )
      expect(queue.deliveries.counts('center')).toMatchObject({ delivered: 0, confirmed: 6 })
      expect(queue.receipted.list('center', 10)).toHaveLength(4)
    },
  )
})

test('a study whose manifest hangs on its way does not delay another one', async () => {
  await withTwoStudies(
    async (jws, _, signal) => {
      if (manifestOf(jws).study === '1.2') return receiptFor(jws)
      return await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Failure('CENTER_UNREACHABLE', 'broken off')))
      })
    },
    async ({ studies }) => {
      await until(
        () => studies.get('center', '1.2')?.state,
        (state) => state === 'confirmed',
      )
      expect(studies.get('center', '1.1')).toMatchObject({ state: 'closed', confirmed: 0 })
    },
  )
})

test('a late instance alone is listed by a version whose first part names the last part of the version before', async () => {
  const posted: string[] = []
  await withTwoStudies(
    async (jws) => {
      posted.push(jws)
      return receiptFor(jws)
    },
    async (queue, settlement) => {
      const states = () => queue.studies.counts('center')
      await until(states, ({ confirmed }) => confirmed === 2)
      await queue.acceptance.accept(await spoolInstance(queue.spool, { studyInstanceUid: '1.1' }))
      const pack = queue.packs.formNext('center', { bytes: 1e6, members: 10 })
      const outcomes = pack?.header.members.map(({ ulid }) => ({ ulid, outcome: 'delivered' as const }))
      queue.packs.settle('center', pack?.header.pack ?? '', outcomes ?? [])
      settlement.wake()
      await until(states, ({ confirmed }) => confirmed === 2)
      await until(
        () => queue.deliveries.counts('center').confirmed,
        (confirmed) => confirmed === 7,
      )
    },
  )
  const chain = posted.filter((jws) => manifestOf(jws).study === '1.1')
  expect(chain.map((jws) => manifestOf(jws)).map(({ version, part }) => [version, part])).toEqual([
    [1, 1],
    [1, 2],
    [2, 1],
  ])
  expect(manifestOf(chain.at(-1) ?? '').instances).toHaveLength(1)
  expect(chain.map((jws) => manifestOf(jws).previous)).toEqual([null, ...chain.slice(0, 2).map(jwsDigest)])
})

test('only what rests on a receipt that the center forgot is listed again, and then the old part goes', async () => {
  const posted: string[] = []
  await withTwoStudies(
    async (jws) => {
      posted.push(jws)
      return receiptFor(jws)
    },
    async (queue, settlement) => {
      const states = () => queue.studies.counts('center')
      const parts = () => queue.studies.evidence('center', '1.1')?.parts
      await until(states, ({ confirmed }) => confirmed === 2)
      expect(parts()).toEqual([
        { version: 1, part: 1 },
        { version: 1, part: 2 },
      ])
      const [first] = posted.filter((jws) => manifestOf(jws).study === '1.1')
      const forgotten = { studyInstanceUid: '1.1', digest: jwsDigest(first ?? '') }
      queue.receipted.offerAgain('center', [forgotten])
      expect(queue.receipted.onTheirWay('center')).toBe(1)
      settlement.wake()
      await until(states, ({ confirmed }) => confirmed === 2)
      expect(queue.receipted.onTheirWay('center')).toBe(0)
      expect(parts()).toEqual([
        { version: 1, part: 2 },
        { version: 2, part: 1 },
      ])
      // Asked about a part on which nothing rests any more, the study stays as it is.
      queue.receipted.offerAgain('center', [forgotten])
      expect(states().confirmed).toBe(2)
    },
  )
  const lists = posted.map(manifestOf).filter(({ study }) => study === '1.1')
  expect(lists.at(-1)?.instances).toEqual(lists[0]?.instances)
})
