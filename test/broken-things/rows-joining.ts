import { cpSync, rmSync } from 'node:fs'
import { AGENT_STATUS, type BrokenThing, type Question } from './broken-thing.ts'
import type { Pair } from './pair.ts'
import { wallClockOff } from './play.ts'

const join = (code: string): Question => ({ program: 'ferry', args: ['join', code] })

/** An agent that has not joined yet, beside a center that runs. Returns a good code. */
async function invited(pair: Pair): Promise<string> {
  pair.unjoin()
  await pair.startCenter()
  return pair.invite()
}

/** Changes one symbol in the fourth group of letters. */
function mistyped(code: string): string {
  const groups = code.split('-')
  const [, second = '', ...rest] = groups[3] ?? ''
  groups[3] = `${groups[3]?.[0]}${second === 'A' ? 'B' : 'A'}${rest.join('')}`
  return groups.join('-')
}

const NEW_CODE = { en: /→ .*ask the center for a new one/, zh: /→ .*向中心索取新的加入码/ }
/** JOIN_CODE_INVALID */
const BAD_CODE = { exitCode: 2, cure: NEW_CODE, never: /incomplete|不完整/ } as const

/** A clinic that has not joined its center yet. */
export const JOINING_ROWS: readonly BrokenThing[] = [
  {
    broken: 'service runs but has not joined: a device sends',
    isQuick: true,
    play: async (pair) => {
      pair.unjoin()
      await pair.startAgent()
      const isTaken = await pair.sendStudy(1).then(
        () => true,
        () => false,
      )
      if (isTaken) throw new Error('an image was taken that cannot be sealed to any center')
      return AGENT_STATUS
    },
    expected: {
      exitCode: 13,
      cause: {
        en: /has not joined a center yet[^]*images are turned away[^]*CT1 .*joined/,
        zh: /尚未加入任何中心[^]*暂不接收影像[^]*CT1 .*加入/,
      },
      cure: {
        en: /to do .*join code, then ferry setup, or ferry join CODE/,
        zh: /处理办法 .*ferry join 加入码/,
      },
      never: /All is well|一切正常|need not do anything now|暂不需要您操作/,
    },
    also: async (pair) => {
      await pair.startCenter()
      await pair.join(await pair.invite())
      await pair.untilSaid('agent', /"message":"joined to a center"/)
      await pair.sendStudy(1)
      await pair.confirmed(1)
      const { exitCode, text } = await pair.run('ferry', ['status'])
      return exitCode === 0 && text.includes('All is well') ? undefined : `after joining: ${text}`
    },
  },
  {
    broken: 'join code: one character is wrong',
    isQuick: true,
    play: async (pair) => join(mistyped(await invited(pair))),
    expected: { ...BAD_CODE, cause: { en: /group 4 of ten has a typing error/, zh: /第 4 组.*输入错误/ } },
  },
  {
    broken: 'join code: the end is cut off',
    isQuick: true,
    play: async (pair) => join((await invited(pair)).slice(0, -20)),
    expected: { ...BAD_CODE, cause: { en: /it has \d+ of 50 letters/, zh: /地址后面只有 \d+ 个字符/ } },
  },
  {
    broken: 'join code: the letters without the address',
    isQuick: true,
    play: async (pair) => {
      const code = await invited(pair)
      return join(code.slice(code.indexOf('/') + 1))
    },
    expected: {
      ...BAD_CODE,
      cause: { en: /begins with the center's address and a slash/, zh: /以中心地址和一个斜杠开头/ },
    },
  },
  {
    broken: 'join code: used already',
    play: async (pair) => {
      const code = await invited(pair)
      const other = await pair.another('other-clinic', 'ferry')
      other.start('joining', 'ferry', ['join', code])
      await other.untilSaid('joining', /[0-9a-f]{4}-[0-9a-f]{4}/)
      return join(code)
    },
    expected: { ...BAD_CODE, cause: { en: /was used already/, zh: /已经用过/ } },
  },
  {
    broken: 'join code: expired',
    needs: ['faketime'],
    play: async (pair) => {
      pair.unjoin()
      await pair.startCenter()
      const said = await pair.run('ferry-center', ['invite', 'North Street'], {
        wrapper: wallClockOff(-3 * 86_400),
      })
      return join(said.out.trim())
    },
    expected: { ...BAD_CODE, cause: { en: /was good until \d{4}-.* UTC/, zh: /加入码有效至 \d{4}-/ } },
  },
  {
    broken: 'join code: made after the backup that the center was restored from',
    play: async (pair) => {
      cpSync(pair.path('center-data'), pair.path('backup'), { recursive: true })
      const code = await invited(pair)
      await pair.stop('center')
      rmSync(pair.path('center-data'), { recursive: true })
      cpSync(pair.path('backup'), pair.path('center-data'), { recursive: true })
      await pair.startCenter()
      return join(code)
    },
    expected: { ...BAD_CODE, cause: { en: /does not know the join code/, zh: /中心不认识这个加入码/ } },
  },
  {
    broken: 'join code: of another center',
    isQuick: true,
    play: async (pair) => {
      const other = await pair.another('other-center')
      await other.startCenter()
      const code = await other.invite()
      await other.stop()
      pair.unjoin()
      await pair.startCenter()
      return join(code)
    },
    expected: {
      exitCode: 1,
      cause: {
        en: /is not this center[^]*is not the one of the join code; nothing was sent/,
        zh: /不是该中心[^]*与加入码不符；没有发送任何内容/,
      },
      cure: { en: /→ .*ask the center.*join code/, zh: /→ 联系中心.*加入码/ },
    },
  },
  {
    broken: 'join code: the center is down',
    isQuick: true,
    play: async (pair) => {
      const code = await invited(pair)
      await pair.stop('center')
      return join(code)
    },
    expected: {
      exitCode: 12,
      cause: {
        en: /the center cannot be reached[^]*(ECONNREFUSED|refused)/,
        zh: /连不上影像中心[^]*(ECONNREFUSED|拒绝)/,
      },
      cure: { en: /→ .*internet line and firewall/, zh: /→ .*外网线路和防火墙/ },
    },
  },
]
