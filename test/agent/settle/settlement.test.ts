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
import { spoolInstance } from '../../support/sealed-instance.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { until } from '../../support/until.ts'

const STUDY = '1.1'
const [agentKey, centerKey, strangersKey] = [newSigningKey(), newSigningKey(), newSigningKey()]
const CENTER = 'c'.repeat(64)

/** What an honest center signs, but for what a test changes. */
function receiptFor(jws: string, change: Partial<Receipt> = {}, key: SigningKey = centerKey): ManifestAnswer {
  const manifest: Manifest = verifyManifest(jws, [agentKey])
  const receipt: Receipt = {
    format: 'ferry-receipt/2',
    suite: 1,
    center: CENTER,
    agent: manifest.agent,
    study: manifest.study,
    version: manifest.version,
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
    watchPoints: queue.watchPoints,
    quiet: new QuietTimes(systemClock, 0),
    signingKey: agentKey,
    center: CENTER,
    receiptKeys,
    renewKeys: async () => renewKeys?.(),
    retentionNow: () => 0,
    postManifest: async (jws) => answer(jws),
    requeued: () => {
      requeued?.(queue)
      settlement.wake()
    },
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
    ({ deliveries, watchPoints }) => {
      expect(deliveries.counts('center').confirmed).toBe(1)
      expect(watchPoints.alarms()).toEqual([])
    },
  )
})

test('a receipt by a key that the center announced meanwhile is believed once the list has been asked for, without an alarm', async () => {
  const known: VerifyKey[] = [strangersKey]
  await settle(
    (jws) => receiptFor(jws),
    ({ studies, watchPoints }) => studies.counts('center').confirmed + watchPoints.alarms().length > 0,
    ({ deliveries, watchPoints }) => {
      expect(watchPoints.alarms()).toEqual([])
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
    ({ deliveries, watchPoints }) => {
      expect(watchPoints.alarms()).toEqual([])
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
    ({ watchPoints }) => watchPoints.alarms().length > 0,
    ({ deliveries, studies, watchPoints }) => {
      expect(watchPoints.alarms()).toMatchObject([{ code: 'RECEIPT_MISMATCH', subject: STUDY }])
      expect(deliveries.counts('center')).toMatchObject({ delivered: 1, confirmed: 0 })
      expect(studies.get('center', STUDY)?.nextAttemptAt).toBeGreaterThan(Date.now() - 1000)
    },
  )
})

test('what the center no longer holds is queued again', async () => {
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
    ({ deliveries, packs, watchPoints }) => {
      expect(deliveries.ofStudy('center', STUDY)[0]?.nextAttemptAt).toBeGreaterThan(Date.now() + 3000)
      expect(packs.formNext('center', { bytes: 1e6, members: 10 })).toBeUndefined()
      expect(watchPoints.alarms()).toMatchObject([{ code: 'CENTER_BEHIND', subject: STUDY }])
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
        const { version, instances } = studies.toList('center', STUDY)
        const list = { format: 'ferry-manifest/1', suite: 1, study: STUDY, version, previous: null } as const
        const signed = signManifest(
          { ...list, agent: lostKey.kid, createdAt: new Date().toISOString(), heldCount: 0, instances },
          lostKey,
        )
        studies.close('center', STUDY, version, signed.digest, signed.jws)
      },
    },
  )
})
