import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { makeTemplate, type Pair, type Program, type Said } from '../../broken-things/pair.ts'
import { until } from '../../support/clocks/until.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let template: Awaited<ReturnType<typeof makeTemplate>>
beforeAll(async () => {
  template = await makeTemplate()
}, 90_000)
afterAll(async () => {
  await template[Symbol.asyncDispose]()
})

/** A copy of a clinic and its center that have worked together. */
function copied(): { pair: Pair } & AsyncDisposable {
  const folder = tempFolder()
  const pair = template.pair.copyTo(folder.join('pair'))
  return {
    pair,
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

function filesIn(folder: string): string[] {
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()
    : ['(none)']
}

/** Runs a command that must stop, with the same words in both languages, and must make nothing. */
async function stops(pair: Pair, program: Program, args: readonly string[], code: string): Promise<string[]> {
  const data = pair.path(program === 'ferry' ? 'data' : 'center-data')
  const before = filesIn(data)
  const [en, zh] = [await pair.run(program, args), await pair.run(program, args, { language: 'zh' })]
  const wrong = [en, zh].filter(({ text, exitCode }) => exitCode === 0 || !text.includes(code))
  expect([...wrong.map(({ text }) => text), ...filesIn(data)]).toEqual(before)
  expect(zh.text).not.toContain('--verbose')
  return [en.text, zh.text]
}

describe('the agent', () => {
  const DEEDS: readonly [string, RegExp, (pair: Pair) => void][] = [
    ['is moved away', /it does not exist/, (pair) => renameSync(pair.path('data'), pair.path('old'))],
    [
      'is an empty mount point',
      /it is empty/,
      (pair) => {
        renameSync(pair.path('data'), pair.path('old'))
        mkdirSync(pair.path('data'), { mode: 0o700 })
      },
    ],
    [
      'is another folder by a slip in the configuration',
      /datas: it does not exist/,
      (pair) => pair.edit('ferry.yaml', { 'dataFolder: data': 'dataFolder: datas' }),
    ],
  ]

  test.each(DEEDS)(
    'makes no new identity and no folder if its data folder %s',
    async (_, found, deed) => {
      await using it = copied()
      const { pair } = it
      await pair.startCenter()
      const joinCode = await pair.invite()
      deed(pair)
      for (const args of [['run'], ['join', joinCode]]) {
        const [en = '', zh = ''] = await stops(pair, 'ferry', args, 'DATA_FOLDER_CHANGED')
        expect(en).toMatch(found)
        expect(en).toMatch(
          /joined District center on \d{4}-\d\d-\d\d used .*data .*ferry join CODE --new-identity/s,
        )
        expect(zh).toMatch(/dataFolder .*加入中心的前置机.*--new-identity/s)
        expect(existsSync(pair.path('datas'))).toBe(false)
      }
    },
    120_000,
  )

  test('says so if its data folder has the key of another agent', async () => {
    await using it = copied()
    const { pair } = it
    const other = await pair.another('other', 'ferry')
    await pair.startCenter()
    const joining = other.start('joining', 'ferry', ['join', await pair.invite()])
    await other.untilSaid('joining', /[0-9a-f]{4}-[0-9a-f]{4}/)
    joining.kill('SIGKILL')
    rmSync(pair.path('data'), { recursive: true })
    cpSync(other.path('data'), pair.path('data'), { recursive: true })
    const [en, zh] = await stops(pair, 'ferry', ['run'], 'DATA_FOLDER_CHANGED')
    expect(en).toMatch(
      /the key of another agent .*if this folder is the right one, remove .*ferry\.yaml\.identity/s,
    )
    expect(zh).toMatch(/另一台前置机/)
  }, 120_000)

  test('makes a new key only if that is asked for', async () => {
    await using it = copied()
    const { pair } = it
    await pair.startCenter()
    rmSync(pair.path('data/keys/agent.json'))
    const joinCode = await pair.invite()
    for (const args of [['run'], ['join', joinCode]]) await stops(pair, 'ferry', args, 'AGENT_KEY_LOST')

    const before = readFileSync(pair.path('ferry.yaml.identity'), 'utf8')
    const joining = pair.start('joining', 'ferry', ['join', joinCode, '--new-identity'])
    const agents = await until(
      async () =>
        (await pair.json('ferry-center', 'agents'))['agents'] as { state: string; fingerprint: string }[],
      (list) => list.some(({ state }) => state === 'pending'),
    )
    const fresh = agents.find(({ state }) => state === 'pending')?.fingerprint ?? ''
    await pair.must('ferry-center', 'approve', fresh)
    await until(
      () => joining.exitCode,
      (exitCode) => exitCode === 0,
    )
    const note = readFileSync(pair.path('ferry.yaml.identity'), 'utf8')
    expect([note.includes(fresh), note === before]).toEqual([true, false])
    await pair.startAgent()
  }, 120_000)

  test('notes its identity in a file that is its own, and starts without it', async () => {
    await using it = copied()
    const { pair } = it
    const path = pair.path('ferry.yaml.identity')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      center: 'District center',
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    rmSync(path)
    await pair.startAgent()
    await pair.stop()
    writeFileSync(path, '{"format":"ferry-id')
    await pair.startAgent()
  }, 120_000)

  test('stops if the note is damaged and the data folder is new', async () => {
    await using it = copied()
    const { pair } = it
    writeFileSync(pair.path('ferry.yaml.identity'), '{"format":"ferry-id')
    rmSync(pair.path('data'), { recursive: true })
    const [en] = await stops(pair, 'ferry', ['run'], 'DATA_FOLDER_CHANGED')
    expect(en).toContain('ferry.yaml.identity')
  }, 60_000)

  test('starts after it was moved with its configuration, and after a backup was put back', async () => {
    await using it = copied()
    const { pair } = it
    // The note was written in the folder of the template.
    expect(readFileSync(pair.path('ferry.yaml.identity'), 'utf8')).not.toContain(`"${pair.path('data')}"`)
    await pair.startAgent()
    await pair.stop()
    cpSync(pair.path('data'), pair.path('backup'), {
      recursive: true,
      filter: (path) => !path.endsWith('.sock'),
    })
    rmSync(pair.path('data'), { recursive: true })
    renameSync(pair.path('backup'), pair.path('data'))
    await pair.startAgent()
  }, 120_000)
})

describe('the center', () => {
  const COMMANDS = [['run'], ['agents'], ['invite', 'North Street']]
  const DEEDS: readonly [string, RegExp, (pair: Pair) => void][] = [
    [
      'its data folder',
      /center-data: it does not exist/,
      (pair) => rmSync(pair.path('center-data'), { recursive: true }),
    ],
    [
      'its keys',
      /it has no keys in keys\//,
      (pair) => rmSync(pair.path('center-data/keys'), { recursive: true }),
    ],
    ['its register', /it has no register\.sqlite.*register new/s, (pair) => loseRegister(pair)],
    [
      'the content of its register',
      /it has no register\.sqlite/,
      (pair) => {
        loseRegister(pair)
        writeFileSync(pair.path('center-data/register.sqlite'), '', { mode: 0o600 })
      },
    ],
    [
      'its register, and the note beside the configuration too',
      /it has no register\.sqlite/,
      (pair) => {
        loseRegister(pair)
        rmSync(pair.path('center.yaml.identity'))
      },
    ],
    [
      'its keys, and the note beside the configuration too',
      /it has no keys in keys\//,
      (pair) => {
        rmSync(pair.path('center-data/keys'), { recursive: true })
        rmSync(pair.path('center.yaml.identity'))
      },
    ],
  ]

  test.each(DEEDS)(
    'makes nothing new if it has lost %s',
    async (_, found, deed) => {
      await using it = copied()
      const { pair } = it
      deed(pair)
      for (const args of COMMANDS) {
        const [en] = await stops(pair, 'ferry-center', args, 'DATA_FOLDER_CHANGED')
        expect(en).toMatch(found)
      }
      const status = await pair.run('ferry-center', ['status'])
      expect([status.exitCode, status.text]).toEqual([13, expect.stringContaining('DATA_FOLDER_CHANGED')])
      if (!existsSync(pair.path('center-data/keys'))) {
        rmSync(pair.path('center.yaml'))
        const init = [
          'init',
          '--name',
          'X',
          '--public-url',
          'https://127.0.0.1:1',
          '--recovery-key',
          'r2.txt',
        ]
        await stops(pair, 'ferry-center', init, 'DATA_FOLDER_CHANGED')
      }
    },
    120_000,
  )

  test('begins with an empty register only if that is asked for', async () => {
    await using it = copied()
    const { pair } = it
    expect((await pair.run('ferry-center', ['register', 'new'])).text).toContain('stays as it is')
    loseRegister(pair)
    await pair.must('ferry-center', 'register', 'new')
    expect((await pair.json('ferry-center', 'agents'))['agents']).toEqual([])
    await pair.startCenter()
  }, 90_000)

  test('says so if its data folder has the keys of another center', async () => {
    await using it = copied()
    const { pair } = it
    const other = await pair.another('other')
    rmSync(pair.path('center-data'), { recursive: true })
    cpSync(other.path('center-data'), pair.path('center-data'), { recursive: true })
    const [en] = await stops(pair, 'ferry-center', ['agents'], 'DATA_FOLDER_CHANGED')
    expect(en).toContain('the keys of another center')
  }, 90_000)

  test('starts after it was moved with its configuration, and after a backup was put back', async () => {
    await using it = copied()
    const { pair } = it
    await pair.startCenter()
    await pair.stop()
    cpSync(pair.path('center-data'), pair.path('backup'), { recursive: true })
    rmSync(pair.path('center-data'), { recursive: true })
    renameSync(pair.path('backup'), pair.path('center-data'))
    await pair.startCenter()
    expect((await pair.json('ferry-center', 'agents'))['agents']).toHaveLength(1)
  }, 90_000)
})

function loseRegister(pair: Pair): void {
  for (const end of ['', '-wal', '-shm'])
    rmSync(pair.path(`center-data/register.sqlite${end}`), { force: true })
}

const SEED = 'A'.repeat(43)
const AGENT_KEY = 'data/keys/agent.json'
const CENTER_KEY = 'center-data/keys/0001.json'

describe('a key file that is not what it should be is told in words of its own', () => {
  const KINDS: readonly [string, RegExp, (path: string) => void][] = [
    [
      'garbage',
      /holds no key of Ferry: it is not JSON/,
      (path) => writeFileSync(path, '\u0001\u0002 garbage'),
    ],
    ['empty', /is empty/, (path) => writeFileSync(path, '')],
    ['zeros', /only zeros/, (path) => writeFileSync(path, Buffer.alloc(300))],
    ['half', /is cut off after \d+ bytes/, half],
    ['an age key', /holds an age key/, (path) => writeFileSync(path, 'AGE-SECRET-KEY-1QQQ\n')],
    ['a certificate', /holds PEM/, (path) => writeFileSync(path, '-----BEGIN CERTIFICATE-----\n')],
    ['a project key', /holds a project key/, (path) => writeFileSync(path, `${'ab'.repeat(32)}\n`)],
    [
      'readable by others',
      /mode 0644, so others than its owner can use it: chmod 600/,
      (path) => chmodTo(path, 0o644),
    ],
    [
      'a folder',
      /is a folder, and a file is expected there/,
      (path) => {
        rmSync(path)
        mkdirSync(path)
      },
    ],
  ]
  const swapped: readonly [Program, string, RegExp, (pair: Pair) => void][] = [
    [
      'ferry',
      AGENT_KEY,
      /holds the keys of a center, and an agent's key/,
      (pair) => put(pair, CENTER_KEY, AGENT_KEY),
    ],
    [
      'ferry-center',
      CENTER_KEY,
      /holds an agent's key, and the keys of a center/,
      (pair) => put(pair, AGENT_KEY, CENTER_KEY),
    ],
    [
      'ferry',
      AGENT_KEY,
      /an agent's key is expected there: signingSeed/,
      (pair) => writeFileSync(pair.path(AGENT_KEY), JSON.stringify({ signingSeed: `${SEED}A` })),
    ],
  ]

  test.each(KINDS)(
    '%s',
    async (_, words, deed) => {
      await using it = copied()
      const { pair } = it
      for (const [program, path] of [
        ['ferry', AGENT_KEY],
        ['ferry-center', CENTER_KEY],
      ] as const) {
        deed(pair.path(path))
        const said = await pair.run(program, ['run'])
        expect([said.exitCode, said.text]).toEqual([1, expect.stringMatching(words)])
        expect(said.text).toMatch(/KEY_FILE_INVALID/)
        expect(said.text).toContain(path)
        expect(said.text).not.toContain(SEED)
        const chinese = await pair.run(program, ['run'], { language: 'zh' })
        expect(isToldInChinese(chinese)).toBe(true)
      }
    },
    90_000,
  )

  test.each(swapped)(
    '%s: %s of another purpose',
    async (program, path, words, deed) => {
      await using it = copied()
      const { pair } = it
      deed(pair)
      const said = await pair.run(program, ['run'])
      expect([said.exitCode, said.text]).toEqual([1, expect.stringMatching(words)])
      expect(said.text).toContain(path)
    },
    60_000,
  )
})

function half(path: string): void {
  const content = readFileSync(path, 'utf8')
  writeFileSync(path, content.slice(0, content.length >> 1))
}

function chmodTo(path: string, mode: number): void {
  const content = readFileSync(path)
  rmSync(path)
  writeFileSync(path, content, { mode })
}

const put = (pair: Pair, from: string, to: string): void =>
  writeFileSync(pair.path(to), readFileSync(pair.path(from)))

const isToldInChinese = ({ text }: Said): boolean =>
  !text.includes('--verbose') && /[\u4e00-\u9fff]/.test(text)
