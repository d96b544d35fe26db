import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { expect, test } from '@jest/globals'
import { REJECTION } from '../../src/dimse/association/association-rejection.ts'
import { type OpenAssociationOptions, openAssociation } from '../../src/dimse/scu/open-association.ts'
import type { OutgoingInstance } from '../../src/dimse/scu/requested-association.ts'
import { DEFAULT_TIMEOUTS } from '../../src/dimse/scu/requestor-timeouts.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { freePort } from '../support/peers/free-port.ts'
import {
  ABORT,
  associateAccept,
  command,
  dataPdu,
  echoCommand,
  pdv,
  RawAssociation,
  RELEASE_REQUEST,
  RELEASE_RESPONSE,
  standstill,
  UID,
} from '../support/peers/raw-association.ts'
import { startListener } from '../support/peers/test-listener.ts'

const CT = { abstractSyntaxUid: UID.ctImageStorage, transferSyntaxUids: [UID.explicitVrLittleEndian] }
const ECHO = { abstractSyntaxUid: UID.verification, transferSyntaxUids: [UID.implicitVrLittleEndian] }

test('echo, instances of every awkward size, and release', async () => {
  await using listener = await startListener()
  await using association = await openAssociation(to(listener.port))
  expect(await association.echo()).toBe(0)
  const sizes = [0, 1, 2, 131_063, 131_064, 131_065, 131_066, 262_132, 1_000_003]
  for (const size of sizes) {
    const dataSet = randomBytes(size)
    expect(await association.store(instance(chunks(dataSet, 40_001)))).toEqual({ status: 0 })
    expect(listener.handlers.sinks.at(-1)?.sha256()).toBe(sha256(dataSet))
  }
  expect(await association.echo()).toBe(0)
  await association.release()
  expect(listener.handlers.ends).toEqual([{ how: 'released' }])
  await expect(association.echo()).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
})

test('PDUs keep to the peer’s limit, fragments are even, and only the last is marked as such', async () => {
  await using peer = await rawPeer()
  const opening = openAssociation(to(peer.port))
  const raw = await peer.accept({ 1: UID.explicitVrLittleEndian }, 1001)
  const association = await opening
  const dataSet = randomBytes(5001)
  const storing = association.store(instance(chunks(dataSet, 333)))
  expect((await raw.pdu()).body.readUInt8(5)).toBe(3)
  const values: Buffer[] = []
  for (let isLast = false; !isLast; ) {
    const { body } = await raw.pdu()
    expect(body.length).toBeLessThanOrEqual(1001)
    expect(body.readUInt32BE(0)).toBe(body.length - 4)
    values.push(body.subarray(6))
    isLast = body.readUInt8(5) === 2
  }
  expect(values.slice(0, -1).every(({ length }) => length % 2 === 0)).toBe(true)
  expect(Buffer.concat(values).equals(dataSet)).toBe(true)
  await raw.send(response(0x8001, 1, 0xb000))
  expect(await storing).toEqual({ status: 0xb000 })
  association.abort()
})

test('the peer’s status and comment come back', async () => {
  await using listener = await startListener()
  listener.handlers.onFinish = () => Promise.resolve({ status: 0xa700, errorComment: 'no space' })
  await using association = await openAssociation(to(listener.port))
  expect(await association.store(instance([Buffer.from('data')]))).toEqual({
    status: 0xa700,
    errorComment: 'no space',
  })
})

test('an instance that no accepted context fits is refused here, and the association lives on', async () => {
  await using listener = await startListener()
  await using association = await openAssociation(to(listener.port))
  expect(association.accepts(UID.ctImageStorage, UID.explicitVrLittleEndian)).toBe(true)
  expect(association.accepts(UID.ctImageStorage, UID.implicitVrLittleEndian)).toBe(false)
  const wrong = { ...instance([]), transferSyntaxUid: UID.implicitVrLittleEndian }
  await expect(association.store(wrong)).rejects.toMatchObject({ code: 'STORE_REFUSED' })
  expect(await association.echo()).toBe(0)
})

test('a rejection says why in words', async () => {
  await using listener = await startListener()
  listener.handlers.onAnswer = () => ({ accept: false, rejection: REJECTION.calledAeNotRecognized })
  await expect(openAssociation(to(listener.port))).rejects.toMatchObject({
    code: 'ASSOCIATION_REJECTED',
    message: expect.stringContaining('called AE title not recognized (permanent)') as unknown,
  })
})

test('a port without a listener, and an AE title too long, are named', async () => {
  const port = await freePort()
  await expect(openAssociation(to(port))).rejects.toMatchObject({ code: 'ASSOCIATION_FAILED' })
  const wrong = { ...to(port), calledAeTitle: 'X'.repeat(17) }
  await expect(openAssociation(wrong)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
})

test.each<[string, Buffer | undefined, string]>([
  ['aborts', ABORT, 'ASSOCIATION_ABORTED'],
  ['closes the connection', undefined, 'ASSOCIATION_ABORTED'],
  ['releases', RELEASE_REQUEST, 'ASSOCIATION_ABORTED'],
  ['sends a PDU of 4 GiB', Buffer.of(4, 0, 0xff, 0xff, 0xff, 0xff), 'PROTOCOL_VIOLATION'],
  ['sends rubbish', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'PROTOCOL_VIOLATION'],
  ['answers another message', response(0x8001, 99, 0), 'PROTOCOL_VIOLATION'],
  ['asks instead of answering', dataPdu(pdv(1, 3, echoCommand())), 'PROTOCOL_VIOLATION'],
  [
    'answers without a status',
    dataPdu(pdv(1, 3, command({ 0x0100: 0x8001, 0x0120: 1, 0x0800: 0x0101 }))),
    'PROTOCOL_VIOLATION',
  ],
])(
  'when the peer %s instead of answering, storing fails, and so does whatever follows',
  async (_, bytes, code) => {
    await using peer = await rawPeer()
    const opening = openAssociation(to(peer.port))
    const raw = await peer.accept({ 1: UID.explicitVrLittleEndian })
    const association = await opening
    const storing = association.store(instance([Buffer.from('data')]))
    await raw.pdu()
    if (bytes === undefined) raw.close()
    else await raw.send(bytes)
    await expect(storing).rejects.toMatchObject({ code })
    await expect(association.store(instance([]))).rejects.toMatchObject({ code })
    await association.release()
  },
)

test.each([
  ['rubbish', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'PROTOCOL_VIOLATION'],
  [
    'an acceptance of a context never proposed',
    associateAccept({ 77: UID.explicitVrLittleEndian }),
    'PROTOCOL_VIOLATION',
  ],
  ['a limit of 4 bytes', associateAccept({ 1: UID.explicitVrLittleEndian }, 4), 'ASSOCIATION_FAILED'],
  ['a release', RELEASE_RESPONSE, 'PROTOCOL_VIOLATION'],
  ['an abort', ABORT, 'ASSOCIATION_ABORTED'],
])('a peer that answers the request with %s gets no association', async (_, bytes, code) => {
  await using peer = await rawPeer()
  const opening = openAssociation(to(peer.port))
  const raw = await peer.connected
  await raw.pdu()
  await raw.send(bytes)
  await expect(opening).rejects.toMatchObject({ code })
})

test('a transfer syntax that was not proposed counts as refused', async () => {
  await using peer = await rawPeer()
  const opening = openAssociation(to(peer.port))
  await peer.accept({ 1: UID.implicitVrLittleEndian })
  const association = await opening
  expect(association.contexts).toEqual([])
  association.abort()
})

test('a peer that never answers is given up, each time after its own patience', async () => {
  const clock = new ManualClock()
  await using peer = await rawPeer()
  const opening = openAssociation(to(peer.port, clock))
  await (await peer.connected).pdu()
  clock.advance(DEFAULT_TIMEOUTS.associateMs)
  await expect(opening).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })

  await using second = await rawPeer()
  const openingAgain = openAssociation(to(second.port, clock))
  const raw = await second.accept({ 1: UID.explicitVrLittleEndian })
  const association = await openingAgain
  const storing = association.store(instance([Buffer.from('data')]))
  await raw.pdu()
  await raw.pdu()
  clock.advance(DEFAULT_TIMEOUTS.responseMs - 1)
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(1)
  await expect(storing).rejects.toMatchObject({
    code: 'ASSOCIATION_ABORTED',
    message: expect.stringContaining('response') as unknown,
  })
  expect((await raw.pdu()).type).toBe(7)
})

test('a peer that stops reading is given up', async () => {
  const clock = new ManualClock()
  await using peer = await rawPeer()
  const opening = openAssociation(to(peer.port, clock))
  const raw = await peer.accept({ 1: UID.explicitVrLittleEndian })
  const association = await opening
  raw.socket.pause()
  let given = 0
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      given++
      yield Buffer.alloc(100_000)
    }
  }
  const storing = association.store(instance(endless()))
  storing.catch(() => {})
  await standstill(() => given)
  clock.advance(DEFAULT_TIMEOUTS.sendMs)
  await expect(storing).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
})

test('a source that does not move does not keep a lost association waiting', async () => {
  await using peer = await rawPeer()
  const opening = openAssociation(to(peer.port))
  const raw = await peer.accept({ 1: UID.explicitVrLittleEndian })
  const association = await opening
  const asked = Promise.withResolvers<void>()
  async function* stuck(): AsyncGenerator<Buffer> {
    yield Buffer.from('data')
    asked.resolve()
    await new Promise(() => {})
  }
  const storing = association.store(instance(stuck()))
  await asked.promise
  await raw.send(ABORT)
  await expect(storing).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
})

test('when the source fails, its error is thrown and the peer is told by an abort', async () => {
  await using listener = await startListener()
  const association = await openAssociation(to(listener.port))
  await expect(association.store(instance(broken()))).rejects.toThrow('the disk is gone')
  await listener.handlers.firstEnd
  expect(listener.handlers.sinks).toMatchObject([
    { isFinished: false, discarded: { code: 'ASSOCIATION_ABORTED' } },
  ])
})

test('a signal ends an association that is being opened, or is open', async () => {
  await using peer = await rawPeer()
  const first = new AbortController()
  const opening = openAssociation(to(peer.port), first.signal)
  await (await peer.connected).pdu()
  first.abort()
  await expect(opening).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })

  await using listener = await startListener()
  const second = new AbortController()
  const finished = Promise.withResolvers<{ status: number }>()
  listener.handlers.onFinish = () => {
    second.abort()
    return finished.promise
  }
  const association = await openAssociation(to(listener.port), second.signal)
  const storing = association.store(instance([Buffer.from('data')]))
  await expect(storing).rejects.toMatchObject({ code: 'ASSOCIATION_ABORTED' })
  finished.resolve({ status: 0 })
})

test('two requests at once are a fault of the caller, and harm neither', async () => {
  await using listener = await startListener()
  await using association = await openAssociation(to(listener.port))
  const first = association.store(instance([Buffer.from('data')]))
  await expect(association.echo()).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(await first).toEqual({ status: 0 })
})

function to(port: number, clock: OpenAssociationOptions['clock'] = systemClock): OpenAssociationOptions {
  return { host: '127.0.0.1', port, callingAeTitle: 'US', calledAeTitle: 'THEM', contexts: [CT, ECHO], clock }
}

function instance(dataSet: AsyncIterable<Buffer> | Buffer[]): OutgoingInstance {
  return {
    sopClassUid: UID.ctImageStorage,
    sopInstanceUid: '1.2.3.4',
    transferSyntaxUid: UID.explicitVrLittleEndian,
    dataSet: Array.isArray(dataSet) ? chunks(Buffer.concat(dataSet), 1000) : dataSet,
  }
}

async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function* broken(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(500_000)
  throw new Error('the disk is gone')
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function response(field: number, messageId: number, status: number): Buffer {
  return dataPdu(pdv(1, 3, command({ 0x0100: field, 0x0120: messageId, 0x0800: 0x0101, 0x0900: status })))
}

interface RawPeer extends AsyncDisposable {
  readonly port: number
  readonly connected: Promise<RawAssociation>
  accept(contexts: Record<number, string>, maxPduLength?: number): Promise<RawAssociation>
}

/** A listener that does to its one connection what a test wants. */
async function rawPeer(): Promise<RawPeer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connected = (once(server, 'connection') as Promise<[Socket]>).then(([socket]) =>
    RawAssociation.of(socket),
  )
  return {
    port: portOf(server),
    connected,
    async accept(contexts, maxPduLength) {
      const raw = await connected
      await raw.pdu()
      await raw.send(associateAccept(contexts, maxPduLength))
      return raw
    },
    async [Symbol.asyncDispose]() {
      ;(await connected).close()
      server.close()
    },
  }
}

function portOf(server: ReturnType<typeof createServer>): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
