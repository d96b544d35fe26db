import { expect, test } from '@jest/globals'
import type { KnownAddresses } from '../../src/dimse/scp/listener-counts.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import {
  associateRequest,
  dataPdu,
  echoCommand,
  pdv,
  RawAssociation,
  RELEASE_REQUEST,
} from '../support/peers/raw-association.ts'
import { RecordingHandlers } from '../support/peers/recording-handlers.ts'
import { startListener } from '../support/peers/test-listener.ts'
import { RecordingLog } from '../support/recording-log.ts'

const DEVICE = '127.0.0.9'
const known: KnownAddresses = { isEmpty: false, has: (address) => address === DEVICE }

function silent(port: number, count: number, localAddress: string): Promise<RawAssociation[]> {
  return Promise.all(Array.from({ length: count }, () => RawAssociation.connect(port, localAddress)))
}

async function associated(port: number, localAddress: string): Promise<RawAssociation> {
  const raw = await RawAssociation.connect(port, localAddress)
  expect((await raw.associate()).type).toBe(2)
  return raw
}

async function echoes(raw: RawAssociation): Promise<number | undefined> {
  await raw.send(dataPdu(pdv(3, 3, echoCommand())))
  return (await raw.response()).status
}

test('silent connections of two addresses make room for a device of a third, the oldest first', async () => {
  await using listener = await startListener({ limits: { waiting: 20, waitingPerPeer: 10 } })
  const crowd = await silent(listener.port, 10, '127.0.0.2')
  const others = await silent(listener.port, 10, '127.0.0.3')
  const device = await associated(listener.port, '127.0.0.4')
  expect(await echoes(device)).toBe(0)
  const first = await Promise.race([crowd[0]?.next(), others[0]?.next()])
  expect(first).toBe('closed')
  expect(listener.server.connections).toBe(20)
  for (const raw of [...crowd, ...others, device]) raw.reset()
})

test('a device at the address of a silent crowd gets in once these connections are old', async () => {
  const clock = new ManualClock()
  const limits = { waiting: 20, waitingPerPeer: 5, waitingGraceMs: 1000 }
  await using listener = await startListener({ clock, limits })
  const crowd = await silent(listener.port, 5, '127.0.0.2')
  const early = await RawAssociation.connect(listener.port, '127.0.0.2')
  expect(await early.next()).toBe('closed')
  clock.advance(1000)
  expect(await echoes(await associated(listener.port, '127.0.0.2'))).toBe(0)
  expect(await crowd[0]?.next()).toBe('closed')
  for (const raw of crowd) raw.reset()
})

test('connections from everywhere take no place that is kept for the address of a listed device', async () => {
  const limits = { waiting: 8, waitingPerPeer: 8, waitingGraceMs: 60_000 }
  await using listener = await startListener({ limits, known })
  const crowd = (
    await Promise.all(Array.from({ length: 12 }, (_, i) => silent(listener.port, 1, `127.0.2.${i + 1}`)))
  ).flat()
  expect(await echoes(await associated(listener.port, DEVICE))).toBe(0)
  for (const raw of crowd) raw.reset()
})

test('associations of unlisted addresses leave the places that are kept for listed ones', async () => {
  const limits = { associations: 8, associationsPerPeer: 8, associationsKept: 3 }
  await using listener = await startListener({ limits, known })
  const strangers = await Promise.all(Array.from({ length: 5 }, () => associated(listener.port, '127.0.0.2')))
  const surplus = await RawAssociation.connect(listener.port, '127.0.0.3')
  expect((await surplus.associate()).type).toBe(3)
  expect(await echoes(await associated(listener.port, DEVICE))).toBe(0)
  for (const raw of strangers) raw.reset()
})

test('an association that ends gives its place back, and waits to be closed as a connection', async () => {
  const limits = {
    associations: 1,
    associationsPerPeer: 1,
    associationsKept: 0,
    waiting: 3,
    waitingPerPeer: 3,
  }
  await using listener = await startListener({ limits })
  for (let i = 0; i < 20; i++) {
    const raw = await associated(listener.port, '127.0.0.2')
    await raw.send(RELEASE_REQUEST)
    expect((await raw.pdu()).type).toBe(6)
    expect(await raw.next()).toBe('closed')
  }
})

test('a stranger that is rejected over and over leaves one line a minute', async () => {
  const [log, clock] = [new RecordingLog(), new ManualClock()]
  const handlers = new RecordingHandlers()
  await using listener = await startListener({ log, clock, handlers })
  for (let i = 0; i < 10; i++) {
    const raw = await RawAssociation.connect(listener.port)
    await raw.send(associateRequest({ applicationContext: '1.2.3' }))
    expect((await raw.pdu()).type).toBe(3)
    raw.reset()
  }
  clock.advance(60_000)
  expect(log.of('warn')).toMatchObject([
    { message: 'association rejected', fields: { callingAeTitle: 'RAW', peerAddress: '127.0.0.1' } },
    { message: 'association rejected', fields: { moreInTheLastMinute: 9 } },
  ])
})
