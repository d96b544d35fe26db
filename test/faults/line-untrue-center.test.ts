import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { CENTER_PATHS, manifestAnswerSchema } from '../../src/protocol/center-api.ts'
import { type Receipt, signReceipt, verifyReceipt } from '../../src/protocol/receipt.ts'
import { newSigningKey, type SigningKey } from '../../src/protocol/signing-key.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import type { Asked, LyingCenter } from '../support/centers/lying-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { newUid } from '../support/instances/sealed-instance.ts'
import { spooledIn } from '../support/instances/spooled.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic } from '../support/programs/clinic.ts'
import { LINE_SPEED } from './fault-sizes.ts'
import { KIB, NONE, openLyingCenter } from './support/bad-line.ts'

/** Takes packs as the protocol says, throws them away and calls every instance stored. */
function storesNothing(clinic: Clinic): LyingCenter['instead'] {
  const taken = new Map<string, number>()
  return ({ method, path, headers }, response) => {
    const length = Number(headers['content-length'] ?? 0)
    if (method === 'POST' && path === CENTER_PATHS.packs) {
      response.writeHead(201, { location: `${CENTER_PATHS.packs}/${newUlid(0)}` }).end()
    } else if (method === 'HEAD') {
      response.writeHead(200, { 'upload-offset': taken.get(path) ?? 0 }).end()
    } else if (method === 'PATCH') {
      taken.set(path, (taken.get(path) ?? 0) + length)
      response.writeHead(204, { 'upload-offset': taken.get(path) ?? 0 }).end()
    } else if (path.endsWith('/answer')) {
      const { deliveries } = clinic.agent.service.queue(100)
      const members = deliveries.map(({ ulid }) => ({ ulid, state: 'stored' }))
      response.writeHead(200).end(JSON.stringify({ state: 'answered', members }))
    } else return false
    return true
  }
}

test('a center that calls stored what it has not stored confirms nothing, is found out, and is not sent to at full speed', async () => {
  const clock = new FastClock(LINE_SPEED)
  await using bad = await openLyingCenter({ clock })
  const { clinic, line: center, log } = bad
  const { service } = clinic.agent
  const { studyInstanceUid, ...instance } = inventedInstance(KIB)
  center.instead = storesNothing(clinic)
  const startedMs = clock.monotonicMs()
  await sendInstances(clinic.agent.port, [instance])
  await until(
    () => log.lines.filter(({ message }) => message === 'center asks again').length,
    (times) => times >= 3,
  )
  expect(log.lines.filter(({ message }) => message === 'pack delivered').length).toBeGreaterThanOrEqual(3)
  // At once, then after 5 to 10 seconds, and the next time later still.
  expect(clock.monotonicMs() - startedMs).toBeGreaterThan(5000)
  expect(service.status().deliveries).toMatchObject({ confirmed: 0, held: 0 })
  expect(service.study(studyInstanceUid)?.study.receiptedAt).toBeNull()
  expect(service.status().alarms).toMatchObject([
    {
      code: 'CENTER_BEHIND',
      subject: studyInstanceUid,
      message: expect.stringMatching(/confirmed 1 instances that it does not have \(occurrence \d\)/),
    },
  ])
  center.repent()
  service.retry()
  expect(await allSettled(clinic)).toEqual({ ...NONE, confirmed: 1 })
  expect(service.status().alarms).toEqual([])
}, 120_000)

type Forgery = (receipt: Receipt, center: LyingCenter, asked: Asked) => string

const signed =
  (change: (receipt: Receipt) => Partial<Receipt>): Forgery =>
  (receipt, { receiptKey }) =>
    signReceipt({ ...receipt, ...change(receipt) }, receiptKey)
const otherInstance = (change: Partial<Receipt['instances'][number]>): Forgery =>
  signed(({ instances: [first, ...others] }) => ({
    instances: first === undefined ? others : [{ ...first, ...change }, ...others],
  }))
const by =
  (key: SigningKey): Forgery =>
  (receipt) =>
    signReceipt(receipt, key)
const flipped = (jws: string): string => jws.slice(0, -3) + (jws.at(-3) === 'A' ? 'B' : 'A') + jws.slice(-2)

const FORGERIES: [string, Forgery][] = [
  ['signed by a key of somebody else', by(newSigningKey())],
  ['with a bad signature', (receipt, center) => flipped(signReceipt(receipt, center.receiptKey))],
  ['that is our own manifest', (_receipt, _center, { body }) => body.toString()],
  ['of another center', signed(() => ({ center: 'e'.repeat(64) }))],
  ['for another agent', signed(() => ({ agent: 'e'.repeat(64) }))],
  ['for another study', signed(() => ({ study: newUid() }))],
  ['for another version', signed(({ version }) => ({ version: version + 1 }))],
  ['for another manifest', signed(() => ({ manifest: 'e'.repeat(64) }))],
  ['that lacks an instance', signed(({ instances }) => ({ instances: instances.slice(1) }))],
  [
    'that counts one twice',
    signed(({ instances }) => ({ instances: [...instances, ...instances.slice(1)] })),
  ],
  ['for other bytes', otherInstance({ dataSetSha256: 'e'.repeat(64) })],
  ['for more bytes', otherInstance({ dataSetBytes: 1 })],
  ['for another sealed form', otherInstance({ sealedSha256: 'e'.repeat(64) })],
  ['for another SOP instance', otherInstance({ sopInstanceUid: '1.2.3' })],
]

/** ULIDs of the instances that are kept. */
function spoolFiles({ settings }: Clinic): string[] {
  return spooledIn(join(settings.dataFolder, 'spool')).map(({ envelope }) => envelope.ulid)
}

/** Changes the receipt, if the real center has given one. */
function forging(center: LyingCenter, forgery: Forgery): LyingCenter['change'] {
  return (asked, answered) => {
    if (asked.path !== CENTER_PATHS.manifests) return answered
    const answer = manifestAnswerSchema.parse(JSON.parse(answered.body))
    if (!('receipt' in answer)) return answered
    const receipt = forgery(verifyReceipt(answer.receipt, [center.receiptKey]), center, asked)
    return { ...answered, body: JSON.stringify({ receipt }) }
  }
}

test('a receipt that is forged or for something else is an alarm, confirms nothing, and lets nothing be removed', async () => {
  // Whatever is confirmed may be removed at once.
  const settings = { retention: { confirmedMs: 0, atLeastMs: 0 } }
  await using bad = await openLyingCenter({ clock: new FastClock(LINE_SPEED), settings })
  const { clinic, line: center } = bad
  const { service } = clinic.agent
  const seen: Record<string, object> = {}
  for (const [name, forgery] of FORGERIES) {
    const study = newUid()
    const before = service.status().deliveries.confirmed
    center.change = forging(center, forgery)
    await sendInstances(
      clinic.agent.port,
      [1, 2].map(() => inventedInstance(KIB, { studyInstanceUid: study })),
    )
    await until(
      () => service.status().alarms,
      (alarms) => alarms.length > 0,
    )
    const [alarm] = service.status().alarms
    const [code, isNamed] = [alarm?.code, alarm?.subject === study]
    const confirmed = service.status().deliveries.confirmed - before
    const files = spoolFiles(clinic)
    const kept = (service.study(study)?.deliveries ?? []).filter(({ ulid }) => files.includes(ulid)).length
    center.repent()
    service.retry()
    const after = (await allSettled(clinic)).confirmed - before
    seen[name] = { code, isNamed, confirmed, kept, after, alarms: service.status().alarms.length }
  }
  const asItMustBe = { code: 'RECEIPT_MISMATCH', isNamed: true, confirmed: 0, kept: 2, after: 2, alarms: 0 }
  expect(seen).toEqual(Object.fromEntries(FORGERIES.map(([name]) => [name, asItMustBe])))
}, 120_000)
