import { execFileSync } from 'node:child_process'
import { appendFileSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { observeCenter } from '../../src/center/operate/observe-center.ts'
import { MonitoredAgent } from '../../src/console/monitoring/monitored-agent.ts'
import { MonitoredCenter } from '../../src/console/monitoring/monitored-center.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { ferryProgram } from '../../src/console/program/ferry-program.ts'
import { centerMessage } from '../../src/console/views/alarm-message.ts'
import { openTarget } from '../../src/messages/targets/open-target.ts'
import { metricsText } from '../../src/metrics/metrics-text.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { openLog } from '../../src/platform/log.ts'
import { LogFile } from '../../src/platform/log-file.ts'
import { until } from '../support/clocks/until.ts'
import { hasCorpus } from '../support/instances/corpus-files.ts'
import { PERSON, searchFor, sendIdentities } from '../support/instances/identities.ts'
import { type AgentPage, openAgentPage } from '../support/pages/agent-page.ts'
import { MailServer, WebhookStub } from '../support/peers/message-stubs.ts'
import { allSettled } from '../support/programs/clinic.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const PASSWORD = 'correct horse battery'
const VIEWS = ['', 'words', 'status', 'history', 'studies', 'queue', 'devices', 'held', 'orders', 'log']
const ALARMS = { agentSilentMs: 1e9, pacsAwayMs: 1e9, agentStuckMs: 1e9, clockOffMs: 300_000 }

const [NAME = '', ID = '', BORN = ''] = PERSON
/** Each value of the person, and a spelling of it that a program might write. */
const WRITTEN = [
  [NAME, 'Invented Person'],
  [ID, Buffer.from(ID).toString('hex')],
  [BORN, `born ${BORN}`],
  [NAME, Buffer.from(`a${NAME}`).toString('base64')],
] as const

/** A pair that writes all that it can: a log with everything, messages of two kinds, a page. */
async function openTalkativePair() {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const webhook = stack.use(await WebhookStub.start())
  const mail = stack.use(await MailServer.start(PASSWORD))
  writeFileSync(folder.join('url'), `${webhook.url}/hook\n`)
  writeFileSync(folder.join('password'), `${PASSWORD}\n`)
  const server = { host: '127.0.0.1', port: mail.port, security: 'none' } as const
  const login = { username: 'ferry', passwordFile: folder.join('password') }
  const envelope = { from: 'ferry@example.org', to: ['duty@example.org'] }
  const hook = { name: 'desk', kind: 'webhook', webhook: { urlFile: folder.join('url') } } as const
  const post = { name: 'post', kind: 'mail', mail: { ...server, ...login, ...envelope } } as const
  const opened = stack.use(
    await openAgentPage({
      log: openLog(
        'debug',
        new LogFile({ folder: folder.path, maxBytes: 50e6, files: 3, name: 'ferry.log' }),
      ),
      unknownDevices: 'accept',
      messages: {
        targets: [openTarget(hook, systemClock), openTarget(post, systemClock)],
        times: { afterMs: 100, repeatMs: 3_600_000 },
        compose: centerMessage('District center', 'zh'),
      },
    }),
  )
  const log = folder.join('ferry.log')
  const all = stack.move()
  return { opened, log, logs: folder, webhook, mail, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

let pair: Awaited<ReturnType<typeof openTalkativePair>>
let sent: Awaited<ReturnType<typeof sendIdentities>>

beforeAll(async () => {
  pair = await openTalkativePair()
  const { clinic } = pair.opened
  sent = await sendIdentities(clinic.agent.port)
  await pair.opened.send({ name: NAME, id: ID, accession: 'ACC-1', isOdd: true })
  await allSettled(clinic, 180_000)
}, 300_000)

afterAll(async () => await pair[Symbol.asyncDispose]())

/** Every file of both data folders but the images that the center keeps: databases, audit trails, receipts, sealed images. */
function filesOfBoth(folder: string): [string, Buffer][] {
  const names = globSync('{agent,center}/**', { cwd: folder }).filter((name) => {
    const stats = statSync(join(folder, name))
    return stats.isFile() && !name.startsWith('center/instances/') && !name.endsWith('ballast')
  })
  return names.map((name) => [name, readFileSync(join(folder, name))])
}

/** The answers of the page in a session that has not asked for full names. */
async function answersOfPage({ page }: AgentPage): Promise<[string, Buffer][]> {
  const entered = await fetch(page.newLink(), { redirect: 'manual' })
  const { hash } = new URL(entered.headers.get('location') ?? '', page.url)
  const headers = {
    cookie: (entered.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
    'x-ferry-secret': hash.slice(1),
  }
  const answers: [string, Buffer][] = []
  for (const view of VIEWS) {
    const answer = await fetch(new URL(view === '' ? '/' : `/api/${view}`, page.url), { headers })
    expect([view, answer.status]).toEqual([view, 200])
    answers.push([`page ${view}`, Buffer.from(await answer.arrayBuffer())])
  }
  return answers
}

async function figuresOf({ clinic }: AgentPage): Promise<[string, Buffer][]> {
  using agent = new MonitoredAgent(clinic.agent.service)
  const where = { folder: join(clinic.folder, 'center'), publicUrl: 'https://127.0.0.1', clock: systemClock }
  const limits = { reserveBytes: 0, ballastBytes: 0 }
  const observe = () => observeCenter({ ...where, limits, alarms: ALARMS })
  using center = new MonitoredCenter({ center: clinic.center, observe, reserveBytes: 0 })
  return [
    ['metrics of the agent', Buffer.from(metricsText(await agent.metrics(), 'text'))],
    ['metrics of the center', Buffer.from(metricsText(await center.metrics(), 'text'))],
  ]
}

test('no log, database, audit trail, page, metric or message names a patient, by name, ID or birth date', async () => {
  const { opened, log, webhook, mail } = pair
  await until(
    () => webhook.posted.length + mail.mails.length,
    (count) => count >= 2,
    90_000,
  )
  const places: [string, Buffer][] = [
    ['log', readFileSync(log)],
    ...filesOfBoth(opened.clinic.folder),
    ...(await answersOfPage(opened)),
    ...(await figuresOf(opened)),
    ...webhook.posted.map(({ body }, i): [string, Buffer] => [`webhook ${i}`, Buffer.from(body)]),
    ...mail.mails.map((body, i): [string, Buffer] => [`mail ${i}`, Buffer.from(body)]),
  ]
  for (const needed of ['agent/queue.sqlite', 'center/register.sqlite', 'log', 'webhook 0', 'mail 0'])
    expect(places.map(([name]) => name)).toContain(needed)
  expect(places.some(([name]) => name.startsWith('agent/audit'))).toBe(true)
  expect(sent.identities.length).toBeGreaterThan(hasCorpus() ? 50 : 2)
  const search = searchFor(sent.identities)
  const found = places.map(([name, bytes]) => [name, search(bytes, isDatabase(name))] as const)
  expect(found.filter(([, values]) => values.length > 0)).toEqual([])
  // The control: the same search finds the person in each place if it is written there in one of the ways of computers.
  for (const [i, [name, bytes]] of places.entries()) {
    const [value, written] = WRITTEN[i % WRITTEN.length] ?? ['', '']
    const seen = search(Buffer.concat([bytes, Buffer.from(written)]), isDatabase(name))
    expect([name, seen]).toEqual([name, [value]])
  }
}, 200_000)

const isDatabase = (name: string): boolean => /\.sqlite(-wal)?$/.test(name)

/** Makes a bundle, and returns its bytes as they are and decompressed. */
async function bundleOf(folder: string, program: 'ferry' | 'ferry-center', name: string): Promise<Buffer[]> {
  const path = join(folder, name)
  const said = await runCommand(folder, ['support-bundle', '--output', path], {
    program: program === 'ferry' ? ferryProgram : ferryCenterProgram,
  })
  expect([said.exitCode, said.err]).toEqual([0, ''])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const files = execFileSync('tar', ['-tzf', path], { encoding: 'utf8' }).trim().split('\n')
  expect(files).toEqual(expect.arrayContaining(['README.txt', 'doctor.json', 'status.json', 'log.jsonl']))
  return [readFileSync(path), gunzipSync(readFileSync(path))]
}

test('a support bundle of the agent or the center, and the metrics, have no name, ID, birth date or UID of what went through', async () => {
  const { log, logs, opened } = pair
  const { clinic } = opened
  const { identities, uids } = sent
  const [persons, all] = [searchFor(identities), searchFor([...identities, ...uids])]
  const figures = await figuresOf(opened)
  expect(figures.toString()).toContain('ferry_device_instances_total{')
  for (const [name, bytes] of figures) expect([name, all(bytes)]).toEqual([name, []])
  const logSetting = `log: {folder: ${logs.path}}\n`
  writeFileSync(join(clinic.folder, 'ferry.yaml'), `dataFolder: agent\n${logSetting}`)
  const center = `name: Center\npublicUrl: https://127.0.0.1:${clinic.center.port}\ndataFolder: center\n${logSetting}`
  writeFileSync(join(clinic.folder, 'center.yaml'), center)
  writeFileSync(logs.join('ferry-center.log'), readFileSync(log))
  for (const program of ['ferry', 'ferry-center'] as const) {
    for (const bytes of await bundleOf(clinic.folder, program, `${program}.tar.gz`))
      expect([program, all(bytes)]).toEqual([program, []])
  }

  // The controls: UIDs were there to be replaced, and a name in the log would be found.
  expect(searchFor(uids)(readFileSync(log)).length).toBeGreaterThan(0)
  appendFileSync(log, `{"level":"info","message":"x","reason":"${NAME}"}\n`)
  const [, content = Buffer.alloc(0)] = await bundleOf(clinic.folder, 'ferry', 'control.tar.gz')
  expect(content.toString()).toMatch(/uid:[0-9a-f]{10}/)
  expect(persons(content)).toEqual([NAME])
}, 300_000)
