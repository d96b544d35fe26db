import { expect, test } from '@jest/globals'
import { REJECTION } from '../../src/dimse/association/association-rejection.ts'
import {
  dataPdu,
  echoCommand,
  item,
  pdv,
  RawAssociation,
  type RawContext,
  RELEASE_REQUEST,
  readAcceptance,
  UID,
  wholeStore,
} from '../support/peers/raw-association.ts'
import { startListener } from '../support/peers/test-listener.ts'
import { RecordingLog } from '../support/recording-log.ts'

test('each context is answered once, as decided', async () => {
  await using listener = await startListener()
  listener.handlers.onAnswer = () => ({
    accept: true,
    contexts: new Map([
      [1, { transferSyntaxUid: UID.implicitVrLittleEndian }],
      [3, { refused: 'abstract-syntax' }],
      [5, { refused: 'transfer-syntaxes' }],
    ]),
  })
  const raw = await RawAssociation.connect(listener.port)
  const syntaxes = [UID.explicitVrLittleEndian, UID.implicitVrLittleEndian]
  const contexts = [1, 3, 5, 7].map((id) => ({
    id,
    abstractSyntax: UID.ctImageStorage,
    transferSyntaxes: syntaxes,
  }))
  const answer = readAcceptance(await raw.associate({ contexts }))
  expect(answer.contexts.map(({ id, result }) => [id, result])).toEqual([
    [1, 0],
    [3, 3],
    [5, 4],
    [7, 3],
  ])
  expect(answer.contexts[0]?.transferSyntax).toBe(UID.implicitVrLittleEndian)
  expect(listener.handlers.requests[0]).toMatchObject({
    implementationClassUid: '1.2.3.4',
    implementationVersionName: 'RAW_1',
    peerAddress: '127.0.0.1',
    contexts: [{ id: 1, transferSyntaxUids: syntaxes }, { id: 3 }, { id: 5 }, { id: 7 }],
  })
})

test.each([
  ['no limit', 0],
  ['a limit of 1 byte', 1],
  ['a limit of 4 bytes', 4],
  ['a limit of 4 GiB', 0xffffffff],
])('to a peer with %s we announce our own limit, and answer', async (_, maxPduLength) => {
  await using listener = await startListener({ limits: { maxPduLength: 65_536 } })
  const raw = await RawAssociation.connect(listener.port)
  expect(readAcceptance(await raw.associate({ maxPduLength })).maxPduLength).toBe(65_536)
  await raw.send(dataPdu(pdv(3, 3, echoCommand())))
  expect((await raw.response()).status).toBe(0)
})

test('contexts in any order, and all 128 of them, keep their IDs', async () => {
  await using listener = await startListener()
  const ids = Array.from({ length: 128 }, (_, index) => 255 - 2 * index)
  const raw = await RawAssociation.connect(listener.port)
  const answer = readAcceptance(await raw.associate({ contexts: ids.map(ctContext) }))
  expect(answer.contexts.map(({ id }) => id)).toEqual(ids.toReversed())
  expect(answer.contexts.every(({ result }) => result === 0)).toBe(true)
  await raw.send(wholeStore(Buffer.from('data')))
  expect((await raw.response()).status).toBe(0)
})

test.each([
  ['200 contexts', Array.from({ length: 200 }, (_, index) => ctContext((2 * index + 1) & 255))],
  ['a context ID used twice', [ctContext(1), ctContext(1)]],
  ['an even context ID', [ctContext(2)]],
])('a request with %s is aborted for an invalid parameter', async (_, contexts) => {
  await using listener = await startListener()
  const raw = await RawAssociation.connect(listener.port)
  const answer = await raw.associate({ contexts })
  expect(answer).toMatchObject({ type: 7, body: Buffer.of(0, 0, 2, 6) })
  expect(await raw.next()).toBe('closed')
  expect(listener.handlers.requests).toHaveLength(0)
})

test.each([
  ['another protocol version', { protocolVersion: 2 }, [1, 2, 2]],
  ['another application context', { applicationContext: '1.2.3' }, [1, 1, 2]],
])('a request with %s is rejected as the standard says', async (_, request, expected) => {
  await using listener = await startListener()
  const raw = await RawAssociation.connect(listener.port)
  expect(await raw.associate(request)).toMatchObject({ type: 3, body: Buffer.of(0, ...expected) })
})

test('after a rejection nothing is processed, whatever else is sent', async () => {
  await using listener = await startListener()
  listener.handlers.onAnswer = () => ({ accept: false, rejection: REJECTION.callingAeNotRecognized })
  const raw = await RawAssociation.connect(listener.port)
  expect(await raw.associate()).toMatchObject({ type: 3, body: Buffer.of(0, 1, 1, 3) })
  await raw.send(wholeStore(Buffer.from('data')))
  expect(await raw.next()).toBe('closed')
  expect(listener.handlers.sinks).toHaveLength(0)
  expect(listener.handlers.ends).toHaveLength(0)
})

test('a rejected peer is logged once, with the answer that it got and the reason', async () => {
  const log = new RecordingLog()
  await using listener = await startListener({ log })
  const rejection = REJECTION.callingAeNotRecognized
  listener.handlers.onAnswer = () => ({ accept: false, rejection, reason: 'on no list' })
  await (await RawAssociation.connect(listener.port)).associate()
  const fields = expect.objectContaining({
    answered: 'calling AE title not recognized',
    reason: 'on no list',
  })
  expect(log.lines).toEqual([{ level: 'warn', message: 'association rejected', fields }])
})

test('after a release nothing is processed, whatever else was sent with it', async () => {
  await using listener = await startListener()
  const raw = await RawAssociation.open(listener.port)
  await raw.send(RELEASE_REQUEST, wholeStore(Buffer.from('data')))
  expect((await raw.pdu()).type).toBe(6)
  expect(await raw.next()).toBe('closed')
  expect(listener.handlers.sinks).toHaveLength(0)
  expect(listener.handlers.ends).toEqual([{ how: 'released' }])
})

test('an exception while deciding rejects the association as a temporary fault', async () => {
  await using listener = await startListener()
  listener.handlers.onAnswer = () => {
    throw new Error('a defect')
  }
  const raw = await RawAssociation.connect(listener.port)
  expect(await raw.associate()).toMatchObject({ type: 3, body: Buffer.of(0, 2, 1, 1) })
})

test('a transfer syntax that was not proposed is never accepted', async () => {
  await using listener = await startListener()
  listener.handlers.onAnswer = () => ({
    accept: true,
    contexts: new Map([[1, { transferSyntaxUid: '1.2.840.10008.1.2.4.50' }]]),
  })
  const raw = await RawAssociation.connect(listener.port)
  expect((await raw.associate()).type).toBe(3)
})

test('one association too many is rejected for now, and taken when another has ended', async () => {
  await using listener = await startListener({ limits: { associationsPerPeer: 1 } })
  const first = await RawAssociation.open(listener.port)
  const second = await RawAssociation.connect(listener.port)
  expect(await second.associate()).toMatchObject({ type: 3, body: Buffer.of(0, 2, 3, 2) })
  const third = await RawAssociation.connect(listener.port, '127.0.0.2')
  expect((await third.associate()).type).toBe(2)
  await first.send(RELEASE_REQUEST)
  await first.pdu()
  expect(await first.next()).toBe('closed')
  await untilConnections(listener.server, 1)
  expect((await (await RawAssociation.connect(listener.port)).associate()).type).toBe(2)
})

test('a peer that is rejected or has released takes no association away from others, however slowly it closes', async () => {
  await using listener = await startListener({ limits: { associations: 1, lingerMs: 60_000 } })
  const { handlers } = listener
  handlers.onAnswer = () => ({ accept: false, rejection: REJECTION.callingAeNotRecognized })
  const rejected = await connectHalfOpen(listener.port)
  expect((await rejected.associate()).type).toBe(3)
  handlers.onAnswer = undefined
  const released = await connectHalfOpen(listener.port)
  expect((await released.associate()).type).toBe(2)
  await released.send(RELEASE_REQUEST)
  expect((await released.pdu()).type).toBe(6)
  await handlers.firstEnd
  const honest = await RawAssociation.open(listener.port)
  expect(listener.server.connections).toBe(3)
  for (const raw of [rejected, released, honest]) raw.reset()
})

test('asynchronous operations are not granted, and the SCP role stays ours', async () => {
  await using listener = await startListener()
  const role = Buffer.concat([
    Buffer.of(0, UID.ctImageStorage.length),
    Buffer.from(UID.ctImageStorage),
    Buffer.of(1, 1),
  ])
  const raw = await RawAssociation.connect(listener.port)
  const answer = await raw.associate({ userItems: [item(0x53, Buffer.of(0, 0, 0, 0)), item(0x54, role)] })
  expect(answer.type).toBe(2)
  expect(answer.body.includes(Buffer.of(0x53, 0, 0, 4))).toBe(false)
  expect(answer.body.includes(Buffer.concat([Buffer.from(UID.ctImageStorage), Buffer.of(1, 0)]))).toBe(true)
})

function ctContext(id: number): RawContext {
  return { id, abstractSyntax: UID.ctImageStorage, transferSyntaxes: [UID.explicitVrLittleEndian] }
}

/** A peer that does not close when we have. */
async function connectHalfOpen(port: number): Promise<RawAssociation> {
  const raw = await RawAssociation.connect(port)
  raw.socket.allowHalfOpen = true
  return raw
}

async function untilConnections(server: { readonly connections: number }, count: number): Promise<void> {
  while (server.connections > count) await new Promise((resolve) => setImmediate(resolve))
}
