import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { type RunningAgent, startAgent } from '../../src/agent/agent.ts'
import { loadAgentSettings } from '../../src/config/agent-settings.ts'
import { SetupDesk } from '../../src/console/web/setup-desk.ts'
import { startStatusPage } from '../../src/console/web/status-page.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLog } from '../../src/platform/log.ts'
import { encodeJoinCode } from '../../src/protocol/join-code.ts'
import { RunningCenter } from '../support/centers/running-center.ts'
import { until } from '../support/clocks/until.ts'
import { inventedInstance } from '../support/instances/invented-instance.ts'
import { hasEchoscu, pressEcho } from '../support/peers/echoscu.ts'
import { sendInstances } from '../support/peers/send-instances.ts'
import { tempFolder } from '../support/temp-folder.ts'

interface View {
  mayAct: boolean
  joining: { state: string; text: string }
  callers: { aeTitle: string; address: string; state: string; name: string }[]
  test: { state: string }
}

interface Opened extends AsyncDisposable {
  agent: RunningAgent
  file: string
  url: string
  newLink(): string
}

/** An agent that has joined no center, and its page. */
async function openPage(kept?: string): Promise<Opened> {
  await using stack = new AsyncDisposableStack()
  const folder = kept ?? stack.use(tempFolder()).path
  const file = join(folder, 'ferry.yaml')
  writeFileSync(
    file,
    '# ours\ndataFolder: data\nlog: {level: error}\nlistener: {host: 127.0.0.1, port: 11112}\nlimits: {reserve: 64MiB}\n',
  )
  const loaded = loadAgentSettings(file, 'en')
  const settings = { ...loaded, listener: { ...loaded.listener, port: 0 } }
  const readSettings = () => loadAgentSettings(file, 'en')
  const parts = { clock: systemClock, log: silentLog }
  const agent = stack.use(await startAgent(settings, { ...parts, readSettings }))
  const desk = stack.use(new SetupDesk({ settings, file, service: agent.service, ...parts }))
  const where = { host: '127.0.0.1', port: 0, service: agent.service, desk, ...parts }
  const page = stack.use(await startStatusPage(where))
  const all = stack.move()
  return {
    agent,
    file,
    url: page.url.replace(/\/$/, ''),
    newLink: () => page.newLink(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** The headers of a browser that came by a link: the cookie, and the secret from the fragment of the address. */
async function enter(page: Opened): Promise<{ cookie: string; origin: string; 'x-ferry-secret': string }> {
  const answer = await fetch(page.newLink(), { redirect: 'manual' })
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
  const { hash } = new URL(answer.headers.get('location') ?? '', page.url)
  return { cookie, origin: page.url, 'x-ferry-secret': hash.slice(1) }
}

async function codeOf(center: RunningCenter): Promise<string> {
  return encodeJoinCode({ ...(await center.invite('a')), url: center.url })
}

async function view({ url }: Opened, headers: Record<string, string> = {}): Promise<View> {
  return (await (await fetch(`${url}/api/setup?lang=en`, { headers })).json()) as View
}

function act(
  page: Opened,
  action: string,
  body: object,
  headers: Record<string, string>,
  language = 'en',
): Promise<Response> {
  return fetch(`${page.url}/api/setup/${action}?lang=${language}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

test('the page leads from nothing to the first receipt: join, approve a device that called, test image', async () => {
  await using center = await RunningCenter.start()
  await using page = await openPage()
  const right = await enter(page)
  const code = await codeOf(center)

  expect((await act(page, 'join', { code, name: 'North Street' }, right)).status).toBe(200)
  await until(
    () => view(page),
    ({ joining }) => joining.state === 'pending',
  )
  for (const { kid } of await center.desk.agents()) await center.desk.approve(kid)
  await until(
    () => view(page),
    ({ joining }) => joining.state === 'joined',
  )

  await expect(sendInstances(page.agent.port, [inventedInstance(100)])).rejects.toThrow('not recognized')
  const [caller] = (await view(page)).callers
  expect(caller).toMatchObject({ aeTitle: 'CT1', address: '127.0.0.1', state: 'pending' })
  expect((await act(page, 'approve', { ...caller, name: 'CT 一室' }, right)).status).toBe(200)
  expect((await view(page)).callers).toMatchObject([{ aeTitle: 'CT1', state: 'known', name: 'CT 一室' }])
  expect(await sendInstances(page.agent.port, [inventedInstance(100)])).toMatchObject([{ status: 0 }])

  expect((await act(page, 'test-image', {}, right)).status).toBe(200)
  await until(
    () => view(page),
    ({ test: { state } }) => state === 'confirmed',
  )
}, 60_000)

const groupWithDcmtk = hasEchoscu() ? describe : describe.skip

groupWithDcmtk(`DCMTK${hasEchoscu() ? '' : ' (not installed)'}`, () => {
  test('a device that presses Echo before the agent has joined appears on the page, and is served when approved', async () => {
    await using page = await openPage()
    const right = await enter(page)
    await pressEcho('CT9', page.agent.port)
    const [caller] = (await view(page)).callers
    expect(caller).toMatchObject({ aeTitle: 'CT9', address: '127.0.0.1', state: 'pending' })
    await act(page, 'approve', { ...caller, name: 'CT 一室' }, right)
    expect(await pressEcho('CT9', page.agent.port)).toBe(0)
    expect((await view(page)).callers).toMatchObject([{ aeTitle: 'CT9', state: 'known', name: 'CT 一室' }])
  })
})

test('an agent whose joining waits for approval goes on after a restart', async () => {
  await using center = await RunningCenter.start()
  using folder = tempFolder()
  {
    await using page = await openPage(folder.path)
    const right = await enter(page)
    const code = await codeOf(center)
    await act(page, 'join', { code, name: 'x' }, right)
    await until(
      () => center.desk.agents(),
      (agents) => agents.length === 1,
    )
  }
  for (const { kid } of await center.desk.agents()) await center.desk.approve(kid)
  await using page = await openPage(folder.path)
  const { joining } = await until(
    () => view(page),
    (now) => now.joining.state === 'joined',
  )
  expect(joining.text).toBe('✓ Joined District center')
}, 60_000)

test('nothing can be changed without a session, its secret, or from a page of another origin', async () => {
  await using page = await openPage()
  const right = await enter(page)
  const { cookie, origin, 'x-ferry-secret': secret } = right
  const { cookie: another } = await enter(page)
  const wrong: Record<string, string>[] = [
    {},
    { origin, 'x-ferry-secret': secret },
    { cookie, 'x-ferry-secret': secret },
    { cookie, origin },
    { ...right, 'x-ferry-secret': `${secret}x` },
    { ...right, cookie: another },
    { ...right, cookie: 'ferry_session=x' },
    { ...right, origin: 'http://evil.example' },
    { ...right, origin: 'null' },
    { ...right, 'content-type': 'text/plain' },
  ]
  const caller = { aeTitle: 'CT1', address: '127.0.0.1' }
  for (const headers of wrong)
    expect([headers, (await act(page, 'approve', caller, headers)).status]).toEqual([headers, 403])
  expect((await view(page)).mayAct).toBe(false)

  // The control: with all of it, the same request is done.
  expect((await act(page, 'approve', caller, right)).status).toBe(200)
  expect(loadAgentSettings(page.file, 'en').devices).toMatchObject([{ aeTitle: 'CT1' }])
})

test('the cookie alone, which a browser sends to every port of this machine, reveals no right to act', async () => {
  await using page = await openPage()
  const right = await enter(page)
  const { cookie, 'x-ferry-secret': secret } = right
  expect(secret).toHaveLength(32)
  for (const path of ['/api/setup', '/setup', '/open', '/', '/api/status']) {
    const answer = await fetch(page.url + path, { headers: { cookie }, redirect: 'manual' })
    expect(JSON.stringify([...answer.headers]) + (await answer.text())).not.toContain(secret)
  }
  expect((await view(page, { cookie })).mayAct).toBe(false)
  expect((await view(page, right)).mayAct).toBe(true)
})

test('a link opens the page once, and a request under a foreign host name is refused', async () => {
  await using page = await openPage()
  const link = page.newLink()
  const answers = [await fetch(link, { redirect: 'manual' }), await fetch(link, { redirect: 'manual' })]
  expect(answers.map((answer) => [answer.status, answer.headers.get('set-cookie') !== null])).toEqual([
    [303, true],
    [303, false],
  ])
  const { port } = new URL(page.url)
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { host: 'evil.example' }
    request({ host: '127.0.0.1', port, path: '/api/setup/join', method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end('{}')
  })
  expect(status).toBe(421)
})

test('a join code with a typing error, and a test image before the agent has joined, are answered in words', async () => {
  await using page = await openPage()
  const right = await enter(page)
  const bad = await act(page, 'join', { code: 'a.example/7K3QX', name: 'x' }, right)
  expect([bad.status, await bad.json()]).toMatchObject([400, { code: 'JOIN_CODE_INVALID' }])
  const early = await act(page, 'test-image', {}, right)
  expect([early.status, await early.json()]).toMatchObject([400, { code: 'NOT_ENROLLED' }])
})

test('an agent that has joined a center takes no other join code on the page, and says so in both languages', async () => {
  await using center = await RunningCenter.start()
  await using other = await RunningCenter.start()
  await using page = await openPage()
  const right = await enter(page)
  await act(page, 'join', { code: await codeOf(center), name: 'North Street' }, right)
  await until(
    () => view(page),
    ({ joining }) => joining.state === 'pending',
  )
  for (const { kid } of await center.desk.agents()) await center.desk.approve(kid)
  await until(
    () => view(page),
    ({ joining }) => joining.state === 'joined',
  )

  const late = { code: await codeOf(other), name: 'North Street' }
  const host = new URL(center.url).host
  const answers = await Promise.all(
    (['en', 'zh'] as const).map((language) => act(page, 'join', late, right, language)),
  )
  expect(await Promise.all(answers.map((answer) => answer.json()))).toMatchObject([
    {
      code: 'ALREADY_JOINED',
      message:
        'this agent has joined a center already; the join code was not used ' +
        `(joining a center: this agent belongs to the center at ${host})`,
    },
    {
      code: 'ALREADY_JOINED',
      message: `本前置机已经加入了中心，这个加入码没有使用（本前置机属于 ${host} 的中心）`,
    },
  ])
  expect(answers.map(({ status }) => status)).toEqual([400, 400])
  expect(await other.desk.agents()).toEqual([])
  expect((await view(page)).joining).toMatchObject({ state: 'joined', text: '✓ Joined District center' })
}, 60_000)
