import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from '@jest/globals'
import { CENTER_PATHS } from '../../src/protocol/center-api.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import type { Asked, LyingCenter } from '../support/centers/lying-center.ts'
import { FastClock } from '../support/clocks/fast-clock.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { allSettled, type Clinic } from '../support/programs/clinic.ts'
import { LINE_SPEED } from './fault-sizes.ts'
import { KIB, openLyingCenter } from './support/bad-line.ts'

type Lie = LyingCenter['instead']

/** Lies that are told before the truth: a program without pauses would hear hundreds. */
const ENOUGH = 3

const json = { 'content-type': 'application/json' }
const always =
  (answer: (response: ServerResponse) => void): Lie =>
  (_asked, response) => {
    answer(response)
    return true
  }
const to =
  (isMeant: (asked: Asked) => boolean, answer: (response: ServerResponse, asked: Asked) => void): Lie =>
  (asked, response) => {
    if (!isMeant(asked)) return false
    answer(response, asked)
    return true
  }
const isCreation = ({ method, path }: Asked): boolean => method === 'POST' && path === CENTER_PATHS.packs
const isHead = ({ method }: Asked): boolean => method === 'HEAD'
const isPatch = ({ method }: Asked): boolean => method === 'PATCH'
const isAnswer = ({ path }: Asked): boolean => path.endsWith('/answer')
const isManifest = ({ path }: Asked): boolean => path === CENTER_PATHS.manifests
const offset = (value: string) => (response: ServerResponse) =>
  void response.writeHead(204, { 'upload-offset': value }).end()
const body = (text: string) => (response: ServerResponse) => void response.writeHead(200, json).end(text)

function endless(response: ServerResponse): void {
  response.on('error', () => {})
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(256 * KIB, ' ')));
    if (!response.destroyed) response.once('drain', more)
  }
  response.writeHead(200, json)
  more()
}

/** Everything that a center with the right key and a broken program could say. */
function lies(elsewhere: number): [string, Lie][] {
  const page = '<!DOCTYPE html><title>Welcome</title><h1>It works!</h1>'
  return [
    ['200 and a page of HTML', always((response) => void response.end(page))],
    ['JSON that ends in the middle', always(body('{"state":"appro'))],
    ['JSON of another shape', always(body('{"ok":true}'))],
    ['a body without end', always(endless)],
    [
      'a body that breaks off',
      always((it) => void it.writeHead(200, { 'content-length': 99 }).write('{', () => it.destroy())),
    ],
    ['no HTTP at all', always((response) => void response.socket?.end('220 mail ready\r\n'))],
    ['no answer but a reset', always((response) => void response.socket?.destroy())],
    ['500', always((response) => void response.writeHead(500).end('Internal Server Error'))],
    ['503', always((response) => void response.writeHead(503, { 'retry-after': '999999' }).end())],
    ['404', always((response) => void response.writeHead(404).end(page))],
    [
      'a redirect to another server',
      always((it) => void it.writeHead(307, { location: `https://127.0.0.1:${elsewhere}/` }).end()),
    ],
    ['an upload without a place', to(isCreation, (response) => void response.writeHead(201).end())],
    [
      'an upload at no address',
      to(isCreation, (response) => void response.writeHead(201, { location: 'https://[' }).end()),
    ],
    [
      'an upload at a place on another server',
      to(isCreation, (it) => void it.writeHead(201, { location: `https://127.0.0.1:${elsewhere}/v1` }).end()),
    ],
    ['an offset beyond the end', to(isHead, offset('999999999'))],
    ['an offset that is no number', to(isHead, offset('0x10'))],
    ['a chunk of which nothing was kept', to(isPatch, offset('0'))],
    [
      'a chunk of which more was kept than was sent',
      to(isPatch, (it, { headers }) =>
        offset(String(Number(headers['upload-offset']) + Number(headers['content-length']) + 1))(it),
      ),
    ],
    ['a chunk without an offset', to(isPatch, (response) => void response.writeHead(204).end())],
    ['409 to every chunk', to(isPatch, (response) => void response.writeHead(409).end())],
    ['processing, and that at once', to(isAnswer, body('{"state":"processing"}'))],
    [
      'an answer that speaks of others',
      to(
        isAnswer,
        body(JSON.stringify({ state: 'answered', members: [{ ulid: newUlid(0), state: 'stored' }] })),
      ),
    ],
    ['neither receipt nor what is missing', to(isManifest, body('{}'))],
    ['an empty list of what is missing', to(isManifest, body('{"missing":[]}'))],
    [
      'that it lacks what it was not told of',
      to(isManifest, body(JSON.stringify({ missing: [newUlid(0)] }))),
    ],
    ['a receipt that is no receipt', to(isManifest, body('{"receipt":"e30.e30.e30"}'))],
  ]
}

/** Requests of several parts at the same moment: keys, report, pack, manifest. */
const AT_ONCE = 6

/** Lies until the agent has come back for more and people are told why; returns what can be seen then. */
async function lieTo(clinic: Clinic, center: LyingCenter, lie: Lie, clock: FastClock): Promise<Seen> {
  let told = 0
  const [before, startedMs] = [center.asked.length, clock.monotonicMs()]
  center.instead = (asked, response) => {
    const isLie = lie(asked, response)
    if (isLie) told++
    return isLie
  }
  await sendInstances(clinic.agent.port, [inventedInstance(20 * KIB)])
  const { service } = clinic.agent
  const reasons = (): boolean[] => {
    const { trouble, deliveries } = service.queue(1)
    const { studies } = service.studies(1)
    return [trouble?.reason, deliveries[0]?.reason, studies[0]?.reason].map((it) => typeof it === 'string')
  }
  await until(reasons, (have) => told >= ENOUGH && have.includes(true))
  const { confirmed, held } = service.status().deliveries
  const repeated = Math.max(0, center.asked.length - before - AT_ONCE)
  const perSecond = (1000 * repeated) / (clock.monotonicMs() - startedMs)
  return { confirmed, held, isCalm: perSecond < 4 }
}

interface Seen {
  confirmed: number
  held: number
  isCalm: boolean
}

test('no answer of a broken center is believed, followed or asked for without a pause; the true one heals all', async () => {
  let visits = 0
  await using stack = new AsyncDisposableStack()
  const elsewhere = createServer((socket) => void (visits++, socket.destroy())).listen(0, '127.0.0.1')
  stack.defer(() => void elsewhere.close())
  await once(elsewhere, 'listening')
  const { port } = elsewhere.address() as AddressInfo
  const clock = new FastClock(LINE_SPEED)
  const bad = stack.use(await openLyingCenter({ clock }))
  const { clinic, line: center } = bad
  const seen: Record<string, Seen & { after: number }> = {}
  for (const [i, [name, lie]] of lies(port).entries()) {
    const during = await lieTo(clinic, center, lie, clock)
    center.repent()
    clinic.agent.service.retry()
    const { confirmed } = await allSettled(clinic)
    seen[name] = { ...during, confirmed: during.confirmed - i, after: confirmed - i }
  }
  const asItMustBe = { confirmed: 0, held: 0, isCalm: true, after: 1 }
  expect(seen).toEqual(Object.fromEntries(lies(port).map(([name]) => [name, asItMustBe])))
  expect(visits).toBe(0)
  expect(clinic.agent.service.status().alarms).toEqual([])
}, 300_000)
