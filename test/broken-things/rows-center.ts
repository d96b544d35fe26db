import { once } from 'node:events'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { until } from '../support/clocks/until.ts'
import { AGENT_STATUS, type BrokenThing } from './broken-thing.ts'
import type { Pair } from './pair.ts'

/** Ferry tries again by itself, and says when. */
const RETRIED = { en: /next .*attempt .*Ferry keeps trying/, zh: /接下来 .*次尝试.*自动重试/ }

/** A pair whose center has signed for five instances, and is again as it was when it had signed for the first two. */
async function restoreCenter(pair: Pair): Promise<void> {
  await pair.startBoth()
  await pair.sendStudy(2)
  await pair.confirmed(2)
  await pair.stop('center')
  cpSync(pair.path('center-data'), pair.path('backup'), { recursive: true })
  await pair.startCenter()
  await pair.sendStudy(3)
  await pair.confirmed(5)
  await pair.stop('center')
  rmSync(pair.path('center-data'), { recursive: true })
  cpSync(pair.path('backup'), pair.path('center-data'), { recursive: true })
}

/** Ferry heals it in less than a second. A center without room answers all questions and takes nothing, so it is seen. */
const NO_ROOM = { 'reserve: 64MiB': 'reserve: 10TiB' }
const ROOM = { 'reserve: 10TiB': 'reserve: 64MiB' }

const BEHIND = {
  exitCode: 13,
  cause: {
    en: /no longer has images that it had confirmed .*has lost 1 study/,
    zh: /中心丢失了已收下或已签收的影像（中心丢失了已签收的检查 1 个/,
  },
  cure: {
    en: /next .*kept here (are sent )?again[^]*to do .*tell the center/,
    zh: /接下来 .*自动重新上传[^]*处理办法 .*告知中心/,
  },
  never: /nothing (changes|more happens) until you|您处理之前不会有变化|All is well|一切正常/,
} as const

async function roomAgain(pair: Pair): Promise<string | undefined> {
  await pair.stop('center')
  pair.edit('center.yaml', ROOM)
  await pair.startCenter()
  await pair.must('ferry', 'retry')
  await pair.confirmed(5)
  return sentAgain(pair, 5)
}

/** Returns what is wrong after the agent has sent again, by itself, all that the center had lost. */
async function sentAgain(pair: Pair, instances: number): Promise<string | undefined> {
  await until(
    async () => (await pair.json('ferry', 'status'))['findings'],
    (findings) => Array.isArray(findings) && findings.length === 0,
    // The agent asks the center once a minute whether it is whole again.
    90_000,
  )
  const stored = Number((await pair.json('ferry-center', 'status'))['instances'])
  return stored === instances ? undefined : `the center has ${stored} of ${instances} instances`
}

/** The line to the center, and the center itself. */
export const CENTER_ROWS: readonly BrokenThing[] = [
  {
    broken: 'center down',
    isQuick: true,
    play: async (pair) => {
      await pair.startAgent()
      await pair.sendStudy(2)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 0,
      cause: {
        en: /cannot be reached \(.*(ECONNREFUSED|refused)/,
        zh: /连不上影像中心（.*(ECONNREFUSED|拒绝)/,
      },
      cure: RETRIED,
      never: /All is well|一切正常/,
    },
  },
  {
    broken: "no route to the center's address",
    play: async (pair) => {
      const file = pair.path('data/keys/center-0001.json')
      const content = readFileSync(file, 'utf8')
      writeFileSync(file, content.replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, 'https://center.invalid:8443'))
      await pair.startAgent()
      await pair.sendStudy(1)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 0,
      cause: {
        en: /cannot be reached \(.*center\.invalid.*(ENOTFOUND|EAI_AGAIN)/,
        zh: /连不上影像中心（.*center\.invalid.*(ENOTFOUND|EAI_AGAIN)/,
      },
      cure: RETRIED,
      never: /All is well|一切正常/,
    },
  },
  {
    broken: "another key at the center's address",
    isQuick: true,
    play: async (pair) => {
      const other = await pair.another('other-center')
      await other.startCenter()
      await pair.startAgent()
      await pair.sendStudy(1)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /the server at the address .* is not this center/, zh: /在中心地址上应答的不是该中心/ },
      cure: { en: /to do .*ask the center: its certificate/, zh: /处理办法 .*联系中心.*证书/ },
      never: /All is well|一切正常/,
    },
  },
  {
    broken: "plain HTTP on the center's port",
    play: async (pair) => {
      const server = createServer((_, response) => response.end('hello')).listen(
        pair.ports.center,
        '127.0.0.1',
      )
      await once(server, 'listening')
      pair.use({ [Symbol.dispose]: () => void server.close() })
      await pair.startAgent()
      await pair.sendStudy(1)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 0,
      cause: { en: /something that does not speak TLS answers/, zh: /中心地址上应答的程序没有 TLS/ },
      cure: { en: /next .*keeps trying[^]*to do .*host and port/, zh: /自动重试[^]*处理办法 .*主机和端口/ },
      never: /All is well|一切正常/,
    },
  },
  {
    broken: 'center restored from a backup, then an agent starts',
    play: async (pair) => {
      await restoreCenter(pair)
      await pair.stop('agent')
      pair.edit('center.yaml', NO_ROOM)
      await pair.startBoth()
      return AGENT_STATUS
    },
    expected: BEHIND,
    also: roomAgain,
  },
  {
    broken: 'center without room for manifests of images that it has',
    withinMs: 60_000,
    play: async (pair) => {
      pair.edit('ferry.yaml', { 'quiet: 1s': 'quiet: 8s' })
      await pair.startBoth()
      await pair.sendStudy(2)
      await until(
        async () => (await pair.json('ferry', 'status'))['deliveries'],
        (deliveries) => JSON.stringify(deliveries).includes('"delivered":2'),
      )
      await pair.stop('center')
      pair.edit('center.yaml', NO_ROOM)
      await pair.startCenter()
      return AGENT_STATUS
    },
    expected: {
      exitCode: 0,
      cause: {
        en: /1 study is at the center and waits for the receipt: the center is too busy .*no room/,
        zh: /检查 1 个已到中心，待签收：影像中心暂时太忙或空间不足/,
      },
      cure: RETRIED,
      never: /All is well|一切正常/,
    },
    also: async (pair) => {
      await pair.stop('center')
      pair.edit('center.yaml', ROOM)
      await pair.startCenter()
      await pair.must('ferry', 'retry')
      await pair.confirmed(2)
      return sentAgain(pair, 2)
    },
  },
  {
    broken: 'center restored from a backup while no device sends',
    isLong: true,
    // An agent asks its center every five minutes if nothing else happens.
    withinMs: 420_000,
    play: async (pair) => {
      await restoreCenter(pair)
      pair.edit('center.yaml', NO_ROOM)
      await pair.startCenter()
      return AGENT_STATUS
    },
    expected: BEHIND,
    also: roomAgain,
  },
  {
    broken: 'center restored from a backup, then a device sends',
    isWell: true,
    // The alarm stays until the agent has asked again, a minute later at most.
    withinMs: 90_000,
    play: async (pair) => {
      await restoreCenter(pair)
      await pair.startCenter()
      await pair.sendStudy(1)
      await pair.untilSaid('agent', /"code":"CENTER_BEHIND"/)
      await pair.confirmed(6)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 0,
      cause: { en: /All is well/, zh: /一切正常/ },
      cure: { en: /0 held, 6 confirmed/, zh: /搁置 0，已签收 6/ },
    },
    also: (pair) => sentAgain(pair, 6),
  },
  {
    broken: 'agent revoked',
    play: async (pair) => {
      await pair.startBoth()
      await pair.must('ferry-center', 'revoke', await pair.fingerprint())
      await pair.sendStudy(1)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /revoked/, zh: /中心已停用本前置机/ },
      cure: { en: /to do .*center/, zh: /处理办法 .*联系中心/ },
      never: /All is well|一切正常/,
    },
  },
]
