import { expect, test } from '@jest/globals'
import type { CallerTrouble } from '../../src/dimse/association/caller-trouble.ts'
import { DEFAULT_LIMITS } from '../../src/dimse/wire/dimse-limits.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { until } from '../support/clocks/until.ts'
import {
  ABORT,
  associateRequest,
  CONTEXTS,
  dataPdu,
  item,
  pdu,
  pdv,
  RawAssociation,
  type RawContext,
  RELEASE_REQUEST,
  readAcceptance,
  standstill,
  UID,
  wholeStore,
} from '../support/peers/raw-association.ts'
import { startListener } from '../support/peers/test-listener.ts'
import { RecordingLog } from '../support/recording-log.ts'

const HOUR_MS = 3_600_000
const LINE = 'a caller got no association'
const TITLES = { callingAeTitle: 'CT1', calledAeTitle: 'FERRY' }

async function start(clock?: Clock) {
  const [log, troubles] = [new RecordingLog(), [] as CallerTrouble[]]
  const onTrouble = (trouble: CallerTrouble): void => void troubles.push(trouble)
  const listener = await startListener({ log, onTrouble, ...(clock && { clock }) })
  return { ...listener, log, troubles }
}

const named = (contexts: readonly RawContext[], more = {}): Buffer =>
  associateRequest({ calling: 'CT1', called: 'FERRY', contexts, ...more })

const ctContext = (id: number): RawContext => ({
  id,
  abstractSyntax: UID.ctImageStorage,
  transferSyntaxes: [UID.explicitVrLittleEndian],
})

const manyContexts = Array.from({ length: 129 }, (_, i) => ctContext((2 * i + 1) & 255))

test.each<[string, Buffer, CallerTrouble['kind'], RegExp]>([
  [
    'contexts numbered 1, 2, 3',
    named([1, 2, 3].map(ctContext)),
    'request',
    /the presentation context ID 2 is even/,
  ],
  [
    'one context ID twice',
    named([1, 1].map(ctContext)),
    'request',
    /the presentation context ID 1 is used twice/,
  ],
  ['129 contexts', named(manyContexts), 'request', /129 presentation contexts, and at most 128/],
  ['an item that is too long', withBadItem(), 'request', /an item longer than what holds it/],
  ['an item that is cut off', cutItem(), 'request', /an item without a length/],
  ['a length of 1 MiB', overTheLimit(), 'request', /length of 1048576/],
])('a request with %s is told with both AE titles and the reason', async (_, bytes, kind, reason) => {
  await using listener = await start()
  const raw = await RawAssociation.connect(listener.port)
  await raw.send(bytes)
  while ((await raw.next()) !== 'closed');
  expect(listener.troubles).toEqual([
    { kind, peerAddress: '127.0.0.1', ...TITLES, words: expect.stringMatching(reason) as unknown },
  ])
  const fields = { peerAddress: '127.0.0.1', ...TITLES, reason: listener.troubles[0]?.words }
  expect(listener.log.of('warn')).toEqual([{ level: 'warn', message: LINE, fields }])
})

test.each<[string, Buffer, RegExp]>([
  ['another version', named(CONTEXTS, { protocolVersion: 2 }), /its protocol version is 2/],
  ['another protocol', named(CONTEXTS, { applicationContext: '1.2' }), /not that of DICOM/],
])('a request for %s is rejected, and told with the reason', async (_, bytes, reason) => {
  await using listener = await start()
  const raw = await RawAssociation.connect(listener.port)
  await raw.send(bytes)
  while ((await raw.next()) !== 'closed');
  expect(listener.troubles).toMatchObject([
    { kind: 'request', ...TITLES, words: expect.stringMatching(reason) as unknown },
  ])
  expect(listener.log.of('warn')).toMatchObject([{ message: 'association rejected', fields: TITLES }])
})

test.each<[string, Buffer, CallerTrouble['kind'], RegExp]>([
  ['an instance', wholeStore(Buffer.from('data')), 'request', /it sent P-DATA-TF instead of a request/],
  ['a release', RELEASE_REQUEST, 'request', /it sent A-RELEASE-RQ instead of a request/],
  ['an acceptance', pdu(2, Buffer.alloc(68)), 'request', /it sent A-ASSOCIATE-AC instead of a request/],
  ['an abort', ABORT, 'request', /it sent A-ABORT instead of a request/],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'foreign', /it sent an HTTP request instead/],
  ['garbage', Buffer.alloc(2000, 0x99), 'foreign', /not DICOM \(99 99 99 99 99 99 99 99\)/],
  [
    'TLS',
    Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252),
    'tls-on-plain',
    /it speaks TLS on port \d+, which is without TLS/,
  ],
])('a connection that begins with %s is told in plain words', async (_, bytes, kind, reason) => {
  await using listener = await start()
  const raw = await RawAssociation.connect(listener.port)
  await raw.send(bytes)
  while ((await raw.next()) !== 'closed');
  expect(listener.troubles).toEqual([
    { kind, peerAddress: '127.0.0.1', words: expect.stringMatching(reason) as unknown },
  ])
  expect(listener.log.of('warn')).toMatchObject([
    { message: LINE, fields: { reason: listener.troubles[0]?.words } },
  ])
})

test.each<[string, Buffer, object, RegExp]>([
  ['before a byte', Buffer.alloc(0), { kind: 'silent' }, /it connected and sent nothing/],
  [
    'in its AE titles',
    named(CONTEXTS).subarray(0, 30),
    { kind: 'request', calledAeTitle: 'FERRY' },
    /did not arrive whole/,
  ],
  [
    'after its AE titles',
    named(CONTEXTS).subarray(0, 90),
    { kind: 'request', ...TITLES },
    /did not arrive whole/,
  ],
])('a connection that ends or waits %s is told as far as it came', async (_, bytes, trouble, reason) => {
  const clock = new ManualClock()
  await using listener = await start(clock)
  const told = { peerAddress: '127.0.0.1', ...trouble, words: expect.stringMatching(reason) as unknown }
  for (const end of ['close', 'reset'] as const) {
    const raw = await RawAssociation.connect(listener.port)
    await raw.send(bytes)
    await until(
      () => listener.server.connections,
      (open) => open === 1,
    )
    await standstill(() => listener.server.connections)
    const before = listener.troubles.length
    raw[end]()
    await until(
      () => listener.troubles.length,
      (count) => count > before,
    )
  }
  const raw = await RawAssociation.connect(listener.port)
  await raw.send(bytes)
  await until(
    () => listener.server.connections,
    (open) => open === 1,
  )
  await standstill(() => listener.server.connections)
  clock.advance(DEFAULT_LIMITS.requestMs)
  while ((await raw.next()) !== 'closed');
  expect(listener.troubles.slice(0, 3)).toEqual([told, told, told])
  expect(listener.troubles[2]?.words).toMatch(/30 s passed/)
  expect(listener.log.of('warn')).toHaveLength(1)
})

test('one address leaves one line an hour, whatever it does, and the number of the others after it', async () => {
  const clock = new ManualClock()
  await using listener = await start(clock)
  for (const bytes of [RELEASE_REQUEST, ABORT, named(manyContexts), Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
    const raw = await RawAssociation.connect(listener.port)
    await raw.send(bytes)
    while ((await raw.next()) !== 'closed');
  }
  expect(listener.troubles).toHaveLength(4)
  expect(listener.log.of('warn')).toHaveLength(1)
  clock.advance(HOUR_MS - 1)
  expect(listener.log.of('warn')).toHaveLength(1)
  clock.advance(1)
  expect(listener.log.of('warn')[1]).toMatchObject({
    message: LINE,
    fields: { peerAddress: '127.0.0.1', moreInTheLastHour: 3 },
  })
})

test('a listener that closes finds no fault with those who have not asked yet', async () => {
  const listener = await start()
  const raw = await RawAssociation.connect(listener.port)
  await until(
    () => listener.server.connections,
    (open) => open === 1,
  )
  await listener.server.close()
  while ((await raw.next()) !== 'closed');
  expect(listener.troubles).toEqual([])
  expect(listener.log.of('warn')).toEqual([])
})

const GOOD = { id: 1, ...pick(UID.ctImageStorage, UID.explicitVrLittleEndian) }

test.each<[string, Buffer, number, RegExp]>([
  ['no transfer syntax', context(3, item(0x30, UID.verification)), 4, /it has no transfer syntax/],
  ['an empty transfer syntax', context(3, item(0x30, '1.2'), item(0x40, '')), 4, /transfer syntax is empty/],
  [
    'a transfer syntax of words',
    context(3, item(0x30, '1.2'), item(0x40, 'JPEG')),
    4,
    /is "JPEG", not a UID/,
  ],
  ['an empty abstract syntax', context(3, item(0x30, ''), item(0x40, '1.2')), 3, /abstract syntax is empty/],
  [
    'an abstract syntax of words',
    context(3, item(0x30, 'CT Image'), item(0x40, '1.2')),
    3,
    /"CT Image", not a UID/,
  ],
  [
    'an abstract syntax of 65 digits',
    context(3, item(0x30, '1'.repeat(65)), item(0x40, '1.2')),
    3,
    /not a UID/,
  ],
  ['no abstract syntax', context(3, item(0x40, '1.2')), 3, /it has no abstract syntax/],
  [
    'two abstract syntaxes',
    context(3, item(0x30, '1.2'), item(0x30, '1.3'), item(0x40, '1.2')),
    3,
    /more than one/,
  ],
  ['nothing in it', context(3), 3, /it has no abstract syntax/],
  [
    'items that are too long',
    context(3, Buffer.of(0x30, 0, 1, 0, 0x31)),
    3,
    /longer or shorter than their lengths/,
  ],
  ['no room for its ID and result', item(0x20, Buffer.of(3)), 3, /longer or shorter/],
])('a context with %s is refused alone, and the good ones go on', async (_, broken, result, reason) => {
  await using listener = await start()
  const raw = await RawAssociation.connect(listener.port)
  await raw.send(withContexts(broken, context(1, item(0x30, GOOD.abstract), item(0x40, GOOD.transfer))))
  const { contexts } = readAcceptance(await raw.pdu())
  expect(contexts.map(({ id, result: given }) => [id, given])).toEqual([
    [1, 0],
    [3, result],
  ])
  await raw.send(wholeStore(Buffer.from('data')))
  expect((await raw.response()).status).toBe(0)
  expect(listener.handlers.requests[0]?.contexts.map(({ id }) => id)).toEqual([1])
  expect(listener.troubles).toEqual([
    {
      kind: 'contexts',
      peerAddress: '127.0.0.1',
      ...TITLES,
      words: expect.stringMatching(reason) as unknown,
    },
  ])
  expect(listener.log.of('warn')).toMatchObject([
    { message: 'presentation contexts refused', fields: TITLES },
  ])
  await raw.send(dataPdu(pdv(3, 3, Buffer.alloc(10))))
  expect(await raw.pdu()).toMatchObject({ type: 7 })
})

test('a context whose syntaxes are in another order, or with unknown items, is agreed on', async () => {
  await using listener = await start()
  const raw = await RawAssociation.connect(listener.port)
  const odd = [item(0x40, GOOD.transfer), item(0x7f, 'x'), item(0x40, 'JPEG'), item(0x30, GOOD.abstract)]
  await raw.send(withContexts(context(1, ...odd)))
  expect(readAcceptance(await raw.pdu()).contexts).toMatchObject([{ id: 1, result: 0 }])
  await raw.send(wholeStore(Buffer.from('data')))
  expect((await raw.response()).status).toBe(0)
  expect(listener.troubles).toEqual([])
})

test('a request whose contexts are all broken is answered, each of them refused', async () => {
  await using listener = await start()
  const raw = await RawAssociation.connect(listener.port)
  await raw.send(withContexts(...[5, 3, 1].map((id) => context(id, item(0x30, '')))))
  expect(readAcceptance(await raw.pdu()).contexts.map(({ id, result }) => [id, result])).toEqual([
    [1, 3],
    [3, 3],
    [5, 3],
  ])
  expect(listener.troubles[0]?.words).toMatch(/and 2 more contexts break it too/)
})

function pick(abstract: string, transfer: string): { abstract: string; transfer: string } {
  return { abstract, transfer }
}

function context(id: number, ...items: readonly Buffer[]): Buffer {
  return item(0x20, Buffer.concat([Buffer.of(id, 0, 0, 0), ...items]))
}

/** A request with these presentation context items, as they are. */
function withContexts(...contexts: readonly Buffer[]): Buffer {
  const whole = named([])
  const user = whole.indexOf(Buffer.of(0x50, 0), 74)
  return pdu(1, Buffer.concat([whole.subarray(6, user), ...contexts, whole.subarray(user)]))
}

function withBadItem(): Buffer {
  return pdu(1, Buffer.concat([named(CONTEXTS).subarray(6), Buffer.of(0x50, 0, 0xff, 0xff)]))
}

function cutItem(): Buffer {
  return pdu(1, Buffer.concat([named(CONTEXTS).subarray(6), Buffer.of(0x50, 0)]))
}

function overTheLimit(): Buffer {
  const bytes = named(CONTEXTS)
  bytes.writeUInt32BE(1024 * 1024, 2)
  return bytes
}
