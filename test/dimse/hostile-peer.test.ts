import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { listenForAssociations } from '../../src/dimse/scp/dimse-server.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import {
  ABORT,
  associateRequest,
  command,
  dataPdu,
  echoCommand,
  pdu,
  pdv,
  RawAssociation,
  RELEASE_REQUEST,
  storeCommand,
  UID,
  wholeStore,
} from '../support/peers/raw-association.ts'
import { RecordingHandlers } from '../support/peers/recording-handlers.ts'
import { startListener } from '../support/peers/test-listener.ts'

const DATA_HEADER_OF_4_GIB = Buffer.of(4, 0, 0xff, 0xff, 0xff, 0xff)

/** Returns source and reason of A-ABORT. */
const PROVIDER_UNRECOGNIZED = Buffer.of(0, 0, 2, 1)
const PROVIDER_UNEXPECTED = Buffer.of(0, 0, 2, 2)
const PROVIDER_INVALID = Buffer.of(0, 0, 2, 6)
const USER = Buffer.of(0, 0, 0, 0)

test.each([
  ['random bytes', Buffer.concat([Buffer.of(0x99), randomBytes(2000)]), PROVIDER_UNRECOGNIZED],
  ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), PROVIDER_UNRECOGNIZED],
  ['a PDU of 4 GiB', DATA_HEADER_OF_4_GIB, PROVIDER_INVALID],
  ['an association request of 4 GiB', Buffer.of(1, 0, 0xff, 0xff, 0xff, 0xff), PROVIDER_INVALID],
  ['an association request of 10 bytes', pdu(1, Buffer.alloc(10)), PROVIDER_INVALID],
  ['an instance', wholeStore(Buffer.from('data')), PROVIDER_UNEXPECTED],
  ['a release', RELEASE_REQUEST, PROVIDER_UNEXPECTED],
])('a connection that begins with %s is aborted at once', async (_, bytes, reason) => {
  await using listener = await startListener()
  const raw = await RawAssociation.connect(listener.port)
  await raw.send(bytes)
  expect(await raw.pdu()).toEqual({ type: 7, body: reason })
  expect(await raw.next()).toBe('closed')
  expect(listener.handlers.requests).toHaveLength(0)
  expect(await isAlive(listener.port)).toBe(true)
})

test.each([
  ['a PDU of 4 GiB', DATA_HEADER_OF_4_GIB, PROVIDER_INVALID],
  ['a PDU one byte longer than announced', Buffer.of(4, 0, 0, 2, 0, 1), PROVIDER_INVALID],
  ['an empty P-DATA-TF', dataPdu(), PROVIDER_INVALID],
  ['a PDV of length 1', pdu(4, Buffer.of(0, 0, 0, 1, 1, 3)), PROVIDER_INVALID],
  ['a PDV longer than its PDU', pdu(4, Buffer.of(0, 0, 0, 9, 1, 3, 0, 0)), PROVIDER_INVALID],
  ['a second association request', associateRequest(), PROVIDER_UNEXPECTED],
  ['an association acceptance', pdu(2, Buffer.alloc(68)), PROVIDER_UNEXPECTED],
  ['a context that was not accepted', dataPdu(pdv(9, 3, storeCommand())), PROVIDER_INVALID],
  ['a data set without a command', dataPdu(pdv(1, 2, Buffer.alloc(10))), PROVIDER_UNEXPECTED],
  ['an unknown command field', dataPdu(pdv(1, 3, withField(0x0ff0))), USER],
  ['a response nobody asked for', dataPdu(pdv(1, 3, withField(0x8001))), USER],
  ['no command field', dataPdu(pdv(1, 3, command({ 0x0110: 1, 0x0800: 0x0101 }))), PROVIDER_INVALID],
  ['no message ID', dataPdu(pdv(3, 3, command({ 0x0100: 0x0030, 0x0800: 0x0101 }))), USER],
  ['a command set of rubbish', dataPdu(pdv(1, 3, randomBytes(100))), PROVIDER_INVALID],
  ['an endless command set', endless(pdv(1, 1, Buffer.alloc(16_000)), 10), PROVIDER_INVALID],
])('an open association with %s is aborted with the reason', async (_, bytes, reason) => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  await raw.send(bytes)
  expect(await raw.pdu()).toEqual({ type: 7, body: reason })
  expect(await raw.next()).toBe('closed')
  expect(listener.handlers.ends).toMatchObject([{ how: 'aborted', failure: { code: 'PROTOCOL_VIOLATION' } }])
  expect(listener.handlers.sinks).toHaveLength(0)
  expect(await isAlive(listener.port)).toBe(true)
})

test.each([
  ['a release', RELEASE_REQUEST, PROVIDER_UNEXPECTED],
  ['a second association request', associateRequest(), PROVIDER_UNEXPECTED],
  ['data on another context', dataPdu(pdv(3, 0, Buffer.alloc(10))), PROVIDER_INVALID],
  ['another command', dataPdu(pdv(1, 3, storeCommand())), PROVIDER_INVALID],
  ['a PDU of 4 GiB', DATA_HEADER_OF_4_GIB, PROVIDER_INVALID],
])('an instance interrupted by %s is discarded and the association aborted', async (_, bytes, reason) => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(1, 3, storeCommand())), dataPdu(pdv(1, 0, Buffer.alloc(20_000))), bytes)
  expect(await raw.pdu()).toEqual({ type: 7, body: reason })
  expect(await raw.next()).toBe('closed')
  expect(listener.handlers.sinks).toMatchObject([
    { isFinished: false, discarded: { code: 'PROTOCOL_VIOLATION' } },
  ])
  expect(listener.handlers.sinks[0]?.byteLength).toBeLessThanOrEqual(20_000)
})

test.each([
  ['an A-ABORT', (raw: RawAssociation) => raw.send(ABORT)],
  ['a reset', (raw: RawAssociation) => Promise.resolve(raw.reset())],
  ['a closed connection', (raw: RawAssociation) => Promise.resolve(raw.close())],
])('an instance cut off by %s is discarded', async (_, cut) => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(1, 3, storeCommand())), dataPdu(pdv(1, 0, Buffer.alloc(20_000))))
  await listener.handlers.firstWrite
  await cut(raw)
  await listener.handlers.firstEnd
  expect(listener.handlers.sinks).toMatchObject([
    { isFinished: false, discarded: { code: 'ASSOCIATION_ABORTED' } },
  ])
})

test('a peer that goes on sending after a violation can still read why it was aborted', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(9, 3, storeCommand())), Buffer.alloc(20_000_000))
  expect(await raw.pdu()).toEqual({ type: 7, body: PROVIDER_INVALID })
  expect(await raw.next()).toBe('closed')
})

test('an instance that is whole is finished although the device has gone meanwhile', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  await raw.send(wholeStore(Buffer.from('data')))
  raw.close()
  await listener.handlers.firstEnd
  expect(listener.handlers.sinks).toMatchObject([{ isFinished: true, discarded: undefined }])
})

test('data after the last fragment aborts the association; the instance before it stays', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  await raw.send(wholeStore(Buffer.from('data')), dataPdu(pdv(1, 2, Buffer.alloc(100))))
  expect((await raw.response()).status).toBe(0)
  expect(await raw.pdu()).toEqual({ type: 7, body: PROVIDER_UNEXPECTED })
  expect(listener.handlers.sinks).toMatchObject([{ isFinished: true, byteLength: 4 }])
})

test.each([
  ['C-FIND', 5, { 0x0002: UID.worklist, 0x0100: 0x0020, 0x0110: 9, 0x0700: 0, 0x0800: 1 }, 0x8020],
  ['N-ACTION', 7, nRequest(0x0130, { 0x0003: UID.storageCommitment, 0x1001: '1.2.3', 0x1008: 1 }), 0x8130],
  ['N-ACTION without UIDs', 7, nRequest(0x0130, {}), 0x8130],
  ['N-CREATE', 7, nRequest(0x0140, { 0x0002: UID.storageCommitment }), 0x8140],
  ['N-SET', 7, nRequest(0x0120, { 0x0003: UID.storageCommitment, 0x1001: '1.2.3' }), 0x8120],
  ['N-EVENT-REPORT', 7, nRequest(0x0100, { 0x0002: UID.storageCommitment, 0x1002: 1 }), 0x8100],
])(
  '%s, which no service takes, is answered with "unrecognized operation"',
  async (_, context, elements, field) => {
    await using listener = await startListener()
    const raw = await RawAssociation.open(listener.port)
    const nested = Buffer.concat(Array.from({ length: 3000 }, () => OPEN_SEQUENCE))
    await raw.send(dataPdu(pdv(context, 3, command(elements))), dataPdu(pdv(context, 2, nested)))
    expect(await raw.response()).toMatchObject({ commandField: field, messageId: 9, status: 0x0211 })
    await raw.send(dataPdu(pdv(3, 3, echoCommand(10))))
    expect(await raw.response()).toMatchObject({ messageId: 10, status: 0 })
  },
)

test('a cancellation needs no answer', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(5, 3, command({ 0x0100: 0x0fff, 0x0120: 1, 0x0800: 0x0101 }))))
  await raw.send(dataPdu(pdv(3, 3, echoCommand(2))))
  expect(await raw.response()).toMatchObject({ messageId: 2, status: 0 })
})

test('the data set that a cancellation announces is passed over, and nothing else is taken in its place', async () => {
  await using listener = await startListener()
  const announcing = dataPdu(pdv(3, 3, command({ 0x0100: 0x0fff, 0x0120: 1, 0x0800: 0x0001 })))
  const raw = await RawAssociation.open(listener.port)
  await raw.send(announcing, dataPdu(pdv(3, 2, Buffer.alloc(100))), dataPdu(pdv(3, 3, echoCommand(2))))
  expect(await raw.response()).toMatchObject({ messageId: 2, status: 0 })
  await raw.send(announcing, dataPdu(pdv(3, 3, echoCommand(3))))
  await expect(raw.response()).rejects.toThrow('a PDU of type 7')
})

test('a request cut at any byte harms no other association', async () => {
  await using listener = await startListener()
  const whole = associateRequest()
  for (let length = 6; length < whole.length; length += 7) {
    const raw = await RawAssociation.connect(listener.port)
    await raw.send(pdu(1, whole.subarray(6, length)))
    raw.close()
  }
  expect(await isAlive(listener.port)).toBe(true)
})

test('a hundred silent sockets do not keep an honest device out, and too many from one address are closed', async () => {
  const limits = { waitingPerPeer: 100, waiting: 150, waitingGraceMs: 60_000 }
  await using listener = await startListener({ limits })
  const silent = await connectAll(listener.port, 100, '127.0.0.2')
  const surplus = await RawAssociation.connect(listener.port, '127.0.0.2')
  expect(await surplus.next()).toBe('closed')
  const honest = await RawAssociation.open(listener.port)
  await honest.send(wholeStore(randomBytes(100_000)))
  expect((await honest.response()).status).toBe(0)
  for (const raw of silent) raw.reset()
  await untilNoneBut(listener.server, 1)
})

test.each([
  ['20,000 fragments of one byte', tinyFragments(20_000), 70, 0x8001],
  ['500 messages at once', repeatedEchoes(500), 500, 0x8030],
])('with %s a peer does not have the listener to itself', async (_, bytes, turnsAtLeast, lastAnswer) => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  let turns = 0
  const count = (): void => {
    turns++
    immediate = setImmediate(count)
  }
  let immediate = setImmediate(count)
  await raw.send(bytes, dataPdu(pdv(3, 3, echoCommand(4711))))
  for (let answer = await raw.response(); answer.messageId !== 4711; answer = await raw.response()) {
    expect(answer).toMatchObject({ commandField: lastAnswer, status: 0 })
  }
  clearImmediate(immediate)
  expect(turns).toBeGreaterThan(turnsAtLeast)
})

test('hundreds of resets leave nothing behind', async () => {
  await using listener = await startListener()
  for (let i = 0; i < 300; i++) {
    const raw = await RawAssociation.connect(listener.port)
    raw.reset()
  }
  await untilNoneBut(listener.server, 0)
  expect(await isAlive(listener.port)).toBe(true)
})

test('a port that is taken is reported as such', async () => {
  await using listener = await startListener()
  const second = listenForAssociations({
    host: '127.0.0.1',
    port: listener.port,
    handlers: new RecordingHandlers(),
    clock: systemClock,
    log: silentLog,
  })
  await expect(second).rejects.toMatchObject({ code: 'PORT_IN_USE' })
})

/** An undefined-length sequence and item, opened and never closed: dcmjs takes quadratic time over a pile of them. */
const OPEN_SEQUENCE = Buffer.from(
  '400000 01ffffffff feff00e0ffffffff'.replaceAll(' ', '').padEnd(32, '0'),
  'hex',
)

function withField(field: number): Buffer {
  return command({
    0x0002: UID.ctImageStorage,
    0x0100: field,
    0x0110: 1,
    0x0120: 1,
    0x0800: 0x0101,
    0x0900: 0,
  })
}

function nRequest(field: number, more: Record<number, string | number>): Record<number, string | number> {
  return { 0x0100: field, 0x0110: 9, 0x0800: 1, ...more }
}

function tinyFragments(count: number): Buffer {
  const fragments = Array.from({ length: count }, (_, at) => pdv(1, at === count - 1 ? 2 : 0, Buffer.of(7)))
  const pdus = Array.from({ length: count / 1000 }, (_, at) => fragments.slice(at * 1000, (at + 1) * 1000))
  return Buffer.concat([dataPdu(pdv(1, 3, storeCommand())), ...pdus.map((list) => dataPdu(...list))])
}

function repeatedEchoes(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => dataPdu(pdv(3, 3, echoCommand()))))
}

function endless(fragment: Buffer, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => dataPdu(fragment)))
}

function connectAll(port: number, count: number, localAddress: string): Promise<RawAssociation[]> {
  return Promise.all(Array.from({ length: count }, () => RawAssociation.connect(port, localAddress)))
}

/** Whether an honest peer is still served. */
async function isAlive(port: number): Promise<boolean> {
  const raw = await RawAssociation.open(port)
  await raw.send(dataPdu(pdv(3, 3, echoCommand())))
  const { status } = await raw.response()
  raw.close()
  return status === 0
}

async function untilNoneBut(server: { readonly connections: number }, count: number): Promise<void> {
  while (server.connections > count) await new Promise((resolve) => setImmediate(resolve))
}
