import { once } from 'node:events'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { AGENT_STATUS, type BrokenThing, type Question } from './broken-thing.ts'
import type { Pair } from './pair.ts'
import { wallClockOff } from './play.ts'

const join = (code: string): Question => ({ program: 'ferry', args: ['join', code] })

/** An agent that has not joined yet, beside a center that runs. */
async function unjoined(pair: Pair): Promise<void> {
  rmSync(pair.path('data'), { recursive: true })
  await pair.startCenter()
}

const JOIN_CURE = { en: /→ .*(new (join )?code|new one|copy)/, zh: /→ .*加入码/ }

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
      cause: { en: /ECONNREFUSED|refused/, zh: /ECONNREFUSED|拒绝/ },
      cure: { en: /next .*(tr(y|ies)|attempt|again)/, zh: /重试|再试|自动/ },
      never: /All is well|一切正常/,
    },
  },
  {
    broken: "no route to the center's address",
    play: async (pair) => {
      const files = Array.from(new Set([pair.path('data', 'keys', 'center-0001.json')]))
      for (const file of files) {
        const content = readFileSync(file, 'utf8')
        writeFileSync(file, content.replaceAll(/https:\/\/127\.0\.0\.1:\d+/g, 'https://center.invalid:8443'))
      }
      await pair.startAgent()
      await pair.sendStudy(1)
      return AGENT_STATUS
    },
    expected: {
      exitCode: 0,
      cause: { en: /ENOTFOUND|EAI_AGAIN|name/, zh: /ENOTFOUND|EAI_AGAIN|域名|名称/ },
      cure: { en: /next /, zh: /重试|再试|自动/ },
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
      cause: { en: /CENTER_IDENTITY|not the center|key/, zh: /不是该中心|CENTER_IDENTITY/ },
      cure: { en: /to do .*center/, zh: /中心/ },
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
      cause: { en: /TLS[^)]*http|not speak TLS|without TLS/i, zh: /没有 TLS|不是 TLS|未加密|明文/ },
      cure: { en: /next /, zh: /重试|再试|自动/ },
      never: /All is well|一切正常/,
    },
  },
  {
    broken: 'center restored from a backup',
    isLong: true,
    withinMs: 420_000,
    play: async (pair) => {
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
      await pair.startCenter()
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: { en: /CENTER_BEHIND/, zh: /CENTER_BEHIND/ },
      cure: { en: /send|sent/, zh: /重发|再发|发送/ },
      never: /nothing (changes|more happens) until you|您处理之前不会有变化|All is well|一切正常/,
    },
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
      cause: { en: /AGENT_REVOKED|revoked/, zh: /AGENT_REVOKED|停用|撤销/ },
      cure: { en: /to do .*center/, zh: /中心/ },
      never: /All is well|一切正常/,
    },
  },
  {
    broken: 'join code: one character is wrong',
    isQuick: true,
    play: async (pair) => {
      await unjoined(pair)
      const code = await pair.invite()
      const at = code.length >> 1
      return join(`${code.slice(0, at)}${code[at] === 'A' ? 'B' : 'A'}${code.slice(at + 1)}`)
    },
    expected: { exitCode: 2, cause: { en: /not whole|wrong/, zh: /不完整|有误/ }, cure: JOIN_CURE },
  },
  {
    broken: 'join code: the end is cut off',
    isQuick: true,
    play: async (pair) => {
      await unjoined(pair)
      return join((await pair.invite()).slice(0, -20))
    },
    expected: { exitCode: 2, cause: { en: /not whole/, zh: /不完整/ }, cure: JOIN_CURE },
  },
  {
    broken: 'join code: used already',
    play: async (pair) => {
      await unjoined(pair)
      const code = await pair.invite()
      const other = await pair.another('other-clinic', 'ferry')
      other.start('joining', 'ferry', ['join', code])
      await other.untilSaid('joining', /[0-9a-f]{4}-[0-9a-f]{4}/)
      return join(code)
    },
    expected: { exitCode: 2, cause: { en: /used/, zh: /用过|使用/ }, cure: JOIN_CURE },
  },
  {
    broken: 'join code: expired',
    needs: ['faketime'],
    play: async (pair) => {
      await unjoined(pair)
      const said = await pair.run('ferry-center', ['invite', 'North Street'], {
        wrapper: wallClockOff(-3 * 86_400),
      })
      return join(said.out.trim())
    },
    expected: { exitCode: 2, cause: { en: /expired|too old/, zh: /过期/ }, cure: JOIN_CURE },
  },
]
