import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type AgentPage, openAgentPage } from '../support/pages/agent-page.ts'

let opened: AgentPage
let right: Record<string, string>

/** The headers of a browser that came by a link: the cookie, and the secret from the fragment of the address. */
async function enter(): Promise<Record<string, string>> {
  const { page } = opened
  const answer = await fetch(page.newLink(), { redirect: 'manual' })
  const { hash } = new URL(answer.headers.get('location') ?? '', page.url)
  return {
    cookie: (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
    origin: new URL(page.url).origin,
    'content-type': 'application/json',
    'x-ferry-secret': hash.slice(1),
  }
}

beforeAll(async () => {
  opened = await openAgentPage()
  right = await enter()
}, 60_000)

afterAll(async () => await opened[Symbol.asyncDispose]())

const post = async (action: string, headers: Record<string, string>): Promise<number> =>
  (await fetch(new URL(`/api/act/${action}`, opened.page.url), { method: 'POST', headers, body: '{}' }))
    .status

const VIEWS = ['studies', 'queue', 'devices', 'held', 'orders', 'log']

test('an action needs the cookie, the secret, the own origin and JSON, each of them', async () => {
  expect(await post('retry', right)).toBe(200)
  const other = await enter()
  const wrong: Record<string, string>[] = [
    {},
    ...Object.keys(right).map((missing) =>
      Object.fromEntries(Object.entries(right).filter(([name]) => name !== missing)),
    ),
    { ...right, origin: 'http://evil.example' },
    { ...right, origin: 'null' },
    { ...right, 'content-type': 'text/plain' },
    { ...right, 'x-ferry-secret': other['x-ferry-secret'] ?? '' },
    { ...right, cookie: 'ferry_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
  ]
  const actions = ['retry', 'release', 'assign', 'approve', 'ignore', 'echo', 'names']
  for (const action of actions)
    for (const headers of wrong) expect([action, await post(action, headers)]).toEqual([action, 403])
})

test('a link works once, and begins a session under an id that was not there before', async () => {
  const link = opened.page.newLink()
  const fixed = { cookie: 'ferry_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }
  const first = await fetch(link, { redirect: 'manual', headers: fixed })
  expect(first.headers.get('set-cookie')).toMatch(
    /^ferry_session=(?!AAAA)[\w-]{32}; Path=\/; HttpOnly; SameSite=Strict$/,
  )
  const second = await fetch(link, { redirect: 'manual' })
  expect(second.headers.get('set-cookie')).toBeNull()
})

test('what may name a patient is shown in a session alone', async () => {
  const { cookie = '' } = right
  for (const view of VIEWS) {
    const url = new URL(`/api/${view}`, opened.page.url)
    const without = [await fetch(url), await fetch(url, { headers: { cookie } })]
    expect([view, ...without.map(({ status }) => status)]).toEqual([view, 403, 403])
    expect([view, (await fetch(url, { headers: right })).status]).toEqual([view, 200])
  }
})
