import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { SignIn } from '../../src/center/accounts/sign-in.ts'
import { type OpenedCenterPage, openCenterPage, QUICK_COST } from '../support/pages/center-page.ts'

const PASSWORD = 'a password of my own'

let opened: OpenedCenterPage

beforeAll(async () => {
  opened = await openCenterPage()
  await opened.account('boss', 'admin', PASSWORD)
}, 120_000)

afterAll(async () => await opened[Symbol.asyncDispose]())

interface Sent {
  readonly path: string
  readonly body?: object
  readonly headers?: Record<string, string>
}

const send = async ({ path, body, headers = {} }: Sent): Promise<Response> =>
  await fetch(new URL(path, opened.page.url), {
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    headers: { origin: opened.page.url.replace(/\/$/, ''), 'content-type': 'application/json', ...headers },
  })

/** Signs in; returns the headers that make a request one of this session. */
async function session(name = 'boss', password = PASSWORD): Promise<Record<string, string>> {
  const answer = await send({ path: '/api/sign-in', body: { name, password } })
  expect(answer.status).toBe(200)
  const { secret } = (await answer.json()) as { secret: string }
  return { cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '', 'x-ferry-secret': secret }
}

test('without a session nothing is told but the page itself, and the page allows no script of others', async () => {
  for (const path of [
    '/api/overview',
    '/api/studies',
    '/api/held',
    '/api/accounts',
    '/api/me',
    '/api/nothing',
  ])
    expect([path, (await send({ path })).status]).toEqual([path, 401])
  expect((await send({ path: '/api/act/revoke', body: { subject: 'x' } })).status).toBe(401)
  const page = await send({ path: '/' })
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  expect(await page.text()).not.toContain('社区')
})

test('the cookie alone opens nothing, and neither does the secret of another session', async () => {
  const [mine, other] = [await session(), await session()]
  expect((await send({ path: '/api/overview', headers: mine })).status).toBe(200)
  const { cookie = '' } = mine
  expect((await send({ path: '/api/overview', headers: { cookie } })).status).toBe(401)
  const mixed = { cookie, 'x-ferry-secret': other['x-ferry-secret'] ?? '' }
  expect((await send({ path: '/api/overview', headers: mixed })).status).toBe(401)
})

test('a request of another site changes nothing, though the browser adds the cookie', async () => {
  const headers = await session()
  const body = { subject: '' }
  for (const foreign of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'content-type': 'text/plain' },
  ]) {
    const answer = await send({ path: '/api/act/retry', body, headers: { ...headers, ...foreign } })
    expect(answer.status).toBe(403)
  }
  expect((await send({ path: '/api/act/retry', body, headers })).status).toBe(200)
})

test('an id that was there before the sign-in is not taken over, and a session ends at once by sign-out', async () => {
  const fixed = 'ferry_center=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
  const answer = await send({
    path: '/api/sign-in',
    body: { name: 'boss', password: PASSWORD },
    headers: { cookie: fixed },
  })
  expect(answer.headers.get('set-cookie')).not.toContain('AAAAAAAA')
  const headers = await session()
  expect((await send({ path: '/api/sign-out', body: {}, headers })).status).toBe(200)
  expect((await send({ path: '/api/overview', headers })).status).toBe(401)
})

test('a first password opens only the choice of another one, and a removed account ends its sessions', async () => {
  const { desk, clock } = opened.center
  const signIn = new SignIn(desk.accounts, clock, QUICK_COST)
  const { password } = await signIn.add('new', 'admin')
  const headers = await session('new', password)
  expect((await send({ path: '/api/overview', headers })).status).toBe(403)
  expect((await send({ path: '/api/act/retry', body: { subject: '' }, headers })).status).toBe(403)
  const chosen = await send({ path: '/api/password', body: { old: password, chosen: PASSWORD }, headers })
  expect(chosen.status).toBe(200)
  expect((await send({ path: '/api/overview', headers })).status).toBe(200)
  await signIn.remove('new')
  expect((await send({ path: '/api/overview', headers })).status).toBe(401)
})

const guess = async (name: string): Promise<unknown> =>
  await (await send({ path: '/api/sign-in?lang=en', body: { name, password: 'wrong' } })).json()

test('guesses at the door are slowed, and the answer does not tell whether the name exists', async () => {
  const answers = [await guess('boss'), await guess('nobody')]
  expect(answers[0]).toEqual(answers[1])
  expect(answers[0]).toMatchObject({ code: 'SIGN_IN_REFUSED' })
  for (let i = 0; i < 4; i++) await guess('nobody')
  expect(await guess('nobody')).toMatchObject({ code: 'SIGN_IN_LATER' })
})

test('a page that took over the address of this machine under its own name reads nothing', async () => {
  const { request } = await import('node:http')
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  request(opened.page.url, { headers: { host: 'evil.example' } }, ({ statusCode }) => resolve(statusCode))
    .on('error', reject)
    .end()
  expect(await promise).toBe(421)
})
