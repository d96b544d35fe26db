import { expect, test } from '@jest/globals'
import { DEFAULT_LIMITS } from '../../src/dimse/wire/dimse-limits.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import {
  associateRequest,
  dataPdu,
  echoCommand,
  pdv,
  RawAssociation,
  standstill,
  storeCommand,
  wholeStore,
} from '../support/peers/raw-association.ts'
import { startListener } from '../support/peers/test-listener.ts'

const { requestMs, pduMs, idleMs, discardMs, lingerMs } = DEFAULT_LIMITS
const TIMED_OUT = { type: 7, body: Buffer.of(0, 0, 2, 0) }

test('a silent client is let go after 30 s, and not before', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const raw = await RawAssociation.connect(listener.port)
  await clock.timerOf(requestMs)
  clock.advance(requestMs - 1)
  expect(listener.server.connections).toBe(1)
  clock.advance(1)
  expect(await raw.next()).toBe('closed')
})

test('dribbling the association request does not gain time', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const raw = await RawAssociation.connect(listener.port)
  await clock.timerOf(requestMs)
  await raw.send(associateRequest().subarray(0, 50))
  await clock.timerOf(pduMs)
  clock.advance(requestMs)
  expect(await raw.next()).toBe('closed')
})

test('a device may keep its association idle for ten minutes, and not longer', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const raw = await RawAssociation.open(listener.port)
  clock.advance(idleMs - 1)
  await raw.send(dataPdu(pdv(3, 3, echoCommand())))
  expect((await raw.response()).status).toBe(0)
  clock.advance(idleMs - 1)
  await raw.send(dataPdu(pdv(3, 3, echoCommand())))
  expect((await raw.response()).status).toBe(0)
  clock.advance(idleMs)
  expect(await raw.pdu()).toEqual(TIMED_OUT)
  expect(await raw.next()).toBe('closed')
})

test('a device that vanishes in mid-instance is given up after 60 s, and the instance discarded', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(1, 3, storeCommand())), dataPdu(pdv(1, 0, Buffer.alloc(20_000))))
  await listener.handlers.firstWrite
  await clock.timerOf(pduMs)
  clock.advance(pduMs - 1)
  expect(listener.handlers.sinks[0]?.discarded).toBeUndefined()
  clock.advance(1)
  expect(await raw.pdu()).toEqual(TIMED_OUT)
  expect(listener.handlers.sinks[0]?.discarded?.code).toBe('ASSOCIATION_ABORTED')
})

test('dribbling inside a PDU does not gain time', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const raw = await RawAssociation.open(listener.port)
  const arrived: PromiseWithResolvers<void>[] = Array.from({ length: 3 }, () => Promise.withResolvers())
  let count = 0
  listener.handlers.onWrite = () => {
    arrived[count++]?.resolve()
    return undefined
  }
  const data = dataPdu(pdv(1, 0, Buffer.alloc(100_000)))
  await raw.send(dataPdu(pdv(1, 3, storeCommand())), data.subarray(0, 20_000))
  for (const one of arrived.slice(0, 2)) {
    await one.promise
    clock.advance(pduMs / 2 - 1)
    await raw.send(Buffer.alloc(20_000))
  }
  await arrived[2]?.promise
  clock.advance(2)
  expect(await raw.pdu()).toEqual(TIMED_OUT)
})

test('the time of a device stops while we keep it waiting, however long storing takes', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const writing = Promise.withResolvers<void>()
  const written = Promise.withResolvers<void>()
  const finishing = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<{ status: number }>()
  listener.handlers.onWrite = () => {
    writing.resolve()
    return written.promise
  }
  listener.handlers.onFinish = () => {
    finishing.resolve()
    return finished.promise
  }
  const raw = await RawAssociation.open(listener.port)
  await raw.send(wholeStore(Buffer.from('data')))
  await writing.promise
  clock.advance(24 * 3_600_000)
  written.resolve()
  await finishing.promise
  clock.advance(24 * 3_600_000)
  finished.resolve({ status: 0 })
  expect((await raw.response()).status).toBe(0)
})

test.each([
  ['within its time, and answered', discardMs, 4, true],
  ['for its time, and not for ever', discardMs + 1, 7, false],
])('the rest of an instance that storage refused is read %s', async (_, elapsedMs, pduType, isFinished) => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock, limits: { pduMs: 2 * discardMs } })
  const refused = Promise.withResolvers<void>()
  listener.handlers.onWrite = () => {
    refused.resolve()
    return Promise.reject(new Error('full'))
  }
  listener.handlers.onFinish = () => Promise.resolve({ status: 0xa700 })
  const raw = await RawAssociation.open(listener.port)
  await raw.send(dataPdu(pdv(1, 3, storeCommand())), dataPdu(pdv(1, 0, Buffer.alloc(20_000))))
  await refused.promise
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(elapsedMs)
  await raw.send(dataPdu(pdv(1, 2, Buffer.from('part'))))
  expect((await raw.pdu()).type).toBe(pduType)
  expect(listener.handlers.sinks).toMatchObject([{ isFinished }])
})

test('a peer that does not close after an A-ABORT is destroyed', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const raw = await RawAssociation.connect(listener.port)
  raw.socket.allowHalfOpen = true
  await raw.send(Buffer.of(0x99, 0, 0, 0, 0, 0))
  expect((await raw.pdu()).type).toBe(7)
  await clock.timerOf(lingerMs)
  expect(listener.server.connections).toBe(1)
  clock.advance(lingerMs)
  while (listener.server.connections > 0) await new Promise((resolve) => setImmediate(resolve))
  raw.close()
})

test('a peer that never reads its answers is given up', async () => {
  const clock = new ManualClock()
  await using listener = await startListener({ clock })
  const raw = await RawAssociation.open(listener.port)
  raw.socket.pause()
  // each of these is answered, with its long UID, at once
  const refused = dataPdu(pdv(1, 3, storeCommand({ sopInstance: '1'.repeat(30_000), dataSetType: 0x0101 })))
  for (let i = 0; i < 1000; i++) raw.socket.write(refused)
  // a pause may come from a listener that is busy with the messages before: then it does not yet wait for this peer
  while (listener.handlers.ends.length === 0) {
    await standstill(() => raw.socket.writableLength)
    clock.advance(pduMs)
  }
  expect(listener.handlers.ends).toMatchObject([{ how: 'aborted', failure: { code: 'ASSOCIATION_ABORTED' } }])
  raw.close()
})
