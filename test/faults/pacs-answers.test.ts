import { expect, test } from '@jest/globals'
import { openRegister } from '../../src/center/register/sqlite/open-register.ts'
import { HandedOn } from '../support/centers/handed-on.ts'
import { newUid } from '../support/instances/spool-file-fixture.ts'
import { type StowResponse, stowModule } from '../support/peers/stow-stub.ts'

/** FERRY_FAULTS=long tries every status, each with a center of its own. */
const statuses = (daily: readonly number[], others: readonly number[]): number[] =>
  process.env['FERRY_FAULTS'] === 'long' ? [...daily, ...others] : [...daily]

const PAGE = '<!DOCTYPE html><html><body>403 Forbidden by the gateway</body></html>'

test.each<[string, StowResponse]>([
  ...statuses([302, 307], [301, 303, 308]).map((status): [string, StowResponse] => [
    String(status),
    { status, headers: { location: 'https://login.example/start?state=secret' } },
  ]),
  ...statuses([401, 403, 404, 408, 429], [405, 406, 407, 410, 411, 415, 421, 426, 431]).map(
    (status): [string, StowResponse] => [String(status), { status }],
  ),
  ...statuses([500, 503], [501, 502, 504, 507, 511, 522]).map((status): [string, StowResponse] => [
    String(status),
    { status },
  ]),
  ...statuses([200, 403, 413], [201, 202, 400, 409, 500]).map((status): [string, StowResponse] => [
    `${status} with a page`,
    { status, body: PAGE, headers: { 'content-type': 'text/html' } },
  ]),
  ['400 without a word', { status: 400 }],
  ['413 without a word', { status: 413 }],
  ['200 with an error in JSON that is not of DICOM', { status: 200, body: '{"code":401,"msg":"token"}' }],
])('an answer that says nothing about one instance refuses none and accepts none: %s', async (_, answer) => {
  let isBroken = true
  await using chain = await HandedOn.start((request) =>
    isBroken ? answer : { status: 200, body: HandedOn.module(request) },
  )
  await chain.deliver(3)
  for (let looks = 0; looks < 8; looks++) await chain.nextRequest()
  expect(await chain.study()).toMatchObject({ pacsWaiting: 3, pacsRefused: 0, pacsAccepted: 0 })
  expect((await chain.study()).pacsReason).toContain(`answered ${answer.status}`)
  const register = openRegister(chain.center.folder)
  const notes = await register.notes.list()
  register.close()
  expect(notes.map(({ name }) => name)).toContainEqual(expect.stringMatching(/^PACS_/))

  isBroken = false
  await chain.until((study) => study.pacsAccepted === 3)
})

test('an address that redirects is named, without what may be secret in it', async () => {
  await using chain = await HandedOn.start(() => ({
    status: 302,
    headers: { location: 'https://user:pw@login.example/start?state=secret#x' },
  }))
  await chain.deliver(1)
  const { pacsReason } = await chain.until((study) => study.pacsReason !== null)
  expect(pacsReason).toBe(
    'storing by STOW-RS: the PACS answered 302 and redirects to https://login.example/start',
  )
})

test.each<[string, StowResponse]>([
  ['413 of a proxy', { status: 413, body: PAGE, headers: { 'content-type': 'text/html' } }],
  ['403 of a firewall', { status: 403, body: PAGE, headers: { 'content-type': 'text/html' } }],
  ['413', { status: 413 }],
  ['400', { status: 400 }],
  ['415', { status: 415 }],
  ['500', { status: 500 }],
  ['422 with an error in JSON', { status: 422, body: '{"error":"x"}' }],
])(
  'an instance that gets %s again and again while others go through is refused, and holds up no other',
  async (_, answer) => {
    let bad = ''
    await using chain = await HandedOn.start((request) => {
      const uids = HandedOn.uidsOf(request)
      bad ||= uids[0] ?? ''
      return uids.includes(bad) ? answer : { status: 200, body: HandedOn.module(request) }
    })
    await chain.deliver(3)
    await chain.until((study) => study.pacsAccepted === 2)
    // Each failure counts only if another instance was stored since the last one: it may take some more instances.
    let accepted = 2
    let study = await chain.study()
    for (; study.pacsRefused === 0 && accepted < 30; accepted++) {
      await chain.deliver(1)
      await chain.until((one) => one.pacsAccepted === accepted + 1)
      const requests = chain.pacs.requests.length
      study = await chain.until((one) => one.pacsRefused === 1 || chain.pacs.requests.length > requests)
    }
    expect(study).toMatchObject({ pacsRefused: 1, pacsWaiting: 0 })
    expect(study.pacsReason).toContain(`answered ${answer.status}`)
  },
)

test('an instance on which the PACS breaks the connection holds up no other', async () => {
  let bad = ''
  await using chain = await HandedOn.start((request) => {
    const uids = HandedOn.uidsOf(request)
    bad ||= uids[0] ?? ''
    return uids.includes(bad) ? 'break' : { status: 200, body: HandedOn.module(request) }
  })
  await chain.deliver(3)
  expect(await chain.until((study) => study.pacsAccepted === 2)).toMatchObject({
    pacsRefused: 0,
    pacsWaiting: 1,
  })
})

test('a failure without a cause is tried three times, and then refused unless the PACS has the same bytes', async () => {
  await using chain = await HandedOn.start((request) => ({
    status: 409,
    body: stowModule([], new Map(HandedOn.uidsOf(request).map((uid) => [uid, 0x0110]))),
  }))
  await chain.deliver(1)
  const study = await chain.until((one) => one.pacsRefused === 1)
  expect(study.pacsReason).toBe('the PACS refused it: processing failure (0110)')
  expect(chain.pacs.requests).toHaveLength(3)
})

test('an answer without a word after which the PACS gives out other bytes is a conflict, and none at all unverified', async () => {
  for (const status of [202, 204]) {
    await using chain = await HandedOn.start(() => ({ status }))
    await chain.deliver(1)
    const study = await chain.until((one) => one.pacsUnverified === 1)
    expect(study).toMatchObject({ pacsAccepted: 0, pacsRefused: 0 })
    expect(study.pacsReason).toContain(`the PACS answered ${status} and does not say what it stored`)
  }
})

test('an instance that the PACS is still storing is tried later, and one that it has is compared', async () => {
  let isPending = true
  await using chain = await HandedOn.start((request) => ({
    status: 409,
    body: stowModule([], new Map(HandedOn.uidsOf(request).map((uid) => [uid, isPending ? 45071 : 45070]))),
  }))
  await chain.deliver(1)
  await chain.nextRequest()
  await chain.nextRequest()
  expect(await chain.study()).toMatchObject({
    pacsWaiting: 1,
    pacsReason: expect.stringContaining('still storing'),
  })
  isPending = false
  expect(await chain.until((one) => one.pacsUnverified === 1)).toMatchObject({ pacsWaiting: 0 })
})

test('Retry-After is heeded', async () => {
  await using chain = await HandedOn.start(() => ({ status: 429, headers: { 'retry-after': '300' } }))
  await chain.deliver(1)
  await chain.pacs.received(1)
  await chain.clock.timerOf(300_000)
  expect(chain.pacs.requests).toHaveLength(1)
})

test('images of today do not wait for all that waited before', async () => {
  let isAway = true
  await using chain = await HandedOn.start((request) =>
    isAway ? { status: 503 } : { status: 200, body: HandedOn.module(request) },
  )
  for (let study = 0; study < 5; study++) await chain.deliver(1, newUid())
  await chain.nextRequest()
  const [today] = await chain.deliver(1, newUid())
  isAway = false
  const before = chain.pacs.requests.length
  while (chain.pacs.requests.length < before + 3) await chain.nextRequest()
  expect(
    chain.pacs.requests.slice(before, before + 3).flatMap((request) => HandedOn.uidsOf(request)),
  ).toContain(today?.envelope.sopInstanceUid)
})
