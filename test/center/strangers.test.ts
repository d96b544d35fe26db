import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { expect, test } from '@jest/globals'
import {
  DEFAULT_FRONT_LIMITS,
  type FrontLimits,
  withinDescriptors,
} from '../../src/center/front/front-limits.ts'
import { signAccessToken } from '../../src/protocol/access-token.ts'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { newSigningKey } from '../../src/protocol/signing-key.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { ODD_TARGETS, openTls, requestFor, sendRaw, statusIn } from '../support/peers/raw-http.ts'
import { RecordingLog } from '../support/recording-log.ts'

const bearer = (token: string): string => `Authorization: Bearer ${token}\r\n`
const keepAlive = (headers: string): string =>
  `GET ${CENTER_PATHS.agent} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`

const AT = { host: '127.0.0.1', port: 0 }

function limitsWith(special: Partial<FrontLimits>): { listen: typeof AT & { limits: FrontLimits } } {
  return { listen: { ...AT, limits: { ...DEFAULT_FRONT_LIMITS, ...special } } }
}

/** Connects without a word; resolves with the socket once the system has connected it. */
async function silent(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  return socket
}

async function secured(port: number, localAddress = '127.0.0.1'): Promise<TLSSocket> {
  const socket = connectTls({ socket: await silent(port, localAddress), rejectUnauthorized: false })
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'secureConnect')
  return socket
}

const closed = (socket: Socket): Promise<unknown> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once('close', resolve))

test('a target that is not a path is refused with 400, with a token and without, and is not called an error of the center', async () => {
  const log = new RecordingLog()
  await using center = await RunningCenter.start({ log })
  const agent = await center.enrol()
  const token = `Authorization: Bearer ${agent.token()}\r\n`
  for (const target of ODD_TARGETS) {
    for (const headers of ['', token]) {
      const answer = await sendRaw(openTls(center.port), requestFor(target, 'GET', headers))
      expect([target, statusIn(answer)]).toEqual([target, 400])
    }
  }
  expect(statusIn(await sendRaw(openTls(center.port), requestFor('center:443', 'CONNECT')))).toBe(400)
  expect(log.of('error')).toEqual([])
  expect((await agent.ask('GET', CENTER_PATHS.keys)).status).toBe(200)
})

test('refused tokens leave one line a minute for each address, with their number', async () => {
  const [log, clock] = [new RecordingLog(), new ManualClock()]
  await using center = await RunningCenter.start({ log, clock })
  const forged = signAccessToken(newSigningKey(), center.made.center, clock.now())
  for (let i = 0; i < 20; i++)
    await center.ask('GET', CENTER_PATHS.keys, { headers: { authorization: `Bearer ${forged}` } })

  clock.advance(60_000)

  expect(log.of('warn')).toMatchObject([
    {
      message: 'request without proof refused',
      fields: { code: 'AGENT_UNKNOWN', reason: expect.any(String), peerAddress: '127.0.0.1' },
    },
    { message: 'request without proof refused', fields: { moreInTheLastMinute: 19 } },
  ])
})

test('bytes that are not an HTTP request are refused, and leave one line a minute', async () => {
  const log = new RecordingLog()
  await using center = await RunningCenter.start({ log })
  for (let i = 0; i < 5; i++)
    expect(statusIn(await sendRaw(openTls(center.port), 'no HTTP at all\r\n\r\n'))).toBe(400)
  expect(log.of('warn')).toMatchObject([{ message: 'malformed request' }])
})

test.each([
  ['nothing', 'handshakeMs', silent],
  ['a handshake and nothing after it', 'headersMs', secured],
] as const)('a stranger that sends %s is let go in its time, and not before', async (_, limit, open) => {
  const clock = new ManualClock()
  await using center = await RunningCenter.start({ clock })
  const socket = await open(center.port)
  const delayMs = DEFAULT_FRONT_LIMITS[limit]
  await clock.timerOf(delayMs)
  clock.advance(delayMs - 1)
  expect(socket.closed).toBe(false)
  clock.advance(1)
  await closed(socket)
  expect(socket.closed).toBe(true)
})

test('a stranger that trickles the body of its request to join is let go within 30 s', async () => {
  const clock = new ManualClock()
  await using center = await RunningCenter.start({ clock })
  const socket = await secured(center.port)
  socket.write(`POST ${CENTER_PATHS.join} HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n{`)
  await clock.timerOf(DEFAULT_FRONT_LIMITS.requestMs)
  clock.advance(DEFAULT_FRONT_LIMITS.requestMs - 1)
  socket.write('"')
  clock.advance(1)
  await closed(socket)
  expect(socket.closed).toBe(true)
})

test('a stranger that does not read its answers is let go within 30 s', async () => {
  const clock = new ManualClock()
  await using center = await RunningCenter.start({ clock })
  const socket = await secured(center.port)
  socket.pause()
  for (let i = 0; i < 1000; i++) socket.write(`GET ${CENTER_PATHS.keys} HTTP/1.1\r\nHost: x\r\n\r\n`)
  await clock.timerOf(DEFAULT_FRONT_LIMITS.requestMs)
  clock.advance(DEFAULT_FRONT_LIMITS.requestMs)
  socket.resume()
  await closed(socket)
  expect(socket.closed).toBe(true)
})

test('a request without the token of an approved agent is the last on its connection', async () => {
  await using center = await RunningCenter.start()
  const pending = newSigningKey()
  await center.join(pending, (await center.invite('North')).token)

  const unknown = await sendRaw(openTls(center.port), keepAlive(''))
  expect(statusIn(unknown)).toBe(401)
  const waiting = signAccessToken(pending, center.made.center, Date.now())
  expect(statusIn(await sendRaw(openTls(center.port), keepAlive(bearer(waiting))))).toBe(200)
})

test('connections of agents stay when strangers fill their places, and more agents of one address get in', async () => {
  const strangers = { limit: 8, limitPerGroup: 8, graceMs: 0 }
  await using center = await RunningCenter.start(limitsWith({ strangers }))
  const agents = await Promise.all(Array.from({ length: 12 }, (_, i) => center.enrol(`Clinic ${i}`)))
  const kept: TLSSocket[] = []
  for (const agent of agents) {
    const socket = await secured(center.port)
    socket.write(
      `GET ${CENTER_PATHS.agent} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${agent.token()}\r\n\r\n`,
    )
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(statusIn(answer.toString())).toBe(200)
    kept.push(socket)
  }
  const crowd = await Promise.all(Array.from({ length: 50 }, () => silent(center.port)))
  await Promise.all(crowd.slice(0, 42).map(closed))
  expect(kept.filter((socket) => socket.closed)).toEqual([])
  for (const socket of [...kept, ...crowd]) socket.destroy()
})

test('one agent cannot take the places of the others', async () => {
  const agents = { limit: 6, limitPerGroup: 4, graceMs: 0 }
  await using center = await RunningCenter.start(limitsWith({ agents }))
  const [greedy, modest] = [await center.enrol('Greedy'), await center.enrol('Modest')]
  const open = async (token: string): Promise<TLSSocket> => {
    const socket = await secured(center.port)
    socket.write(`GET ${CENTER_PATHS.agent} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    await once(socket, 'data')
    return socket
  }
  const own = await open(modest.token())
  const taken: TLSSocket[] = []
  for (let i = 0; i < 20; i++) taken.push(await open(greedy.token()))
  await Promise.all(taken.slice(0, 16).map(closed))
  expect(own.closed).toBe(false)
  for (const socket of [own, ...taken]) socket.destroy()
})

test('fewer descriptors than connections leave room for files', () => {
  const { strangers, agents } = withinDescriptors(DEFAULT_FRONT_LIMITS, 1024)
  expect(strangers.limit + agents.limit).toBeLessThanOrEqual(512)
  expect(withinDescriptors(DEFAULT_FRONT_LIMITS, 1_048_576)).toEqual(DEFAULT_FRONT_LIMITS)
  expect(withinDescriptors(DEFAULT_FRONT_LIMITS, Infinity)).toEqual(DEFAULT_FRONT_LIMITS)
})
