import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { type Command, Option } from 'commander'
import { isSentence } from '../../src/console/language/cause-text.ts'
import type { Language } from '../../src/console/language/language.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { ferryProgram } from '../../src/console/program/ferry-program.ts'
import type { BuildProgram } from '../../src/console/program/run-program.ts'
import { type CommandResult, runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** `ferry` with options that exclude each other; no command of ours has such options yet. */
const withConflict: BuildProgram = async (session, args) => {
  const program = await ferryProgram(session, args)
  program.command('either').option('--one', '').addOption(new Option('--other', '').conflicts('one'))
  return program
}

interface Mistake {
  readonly code: string
  readonly args: readonly string[]
  readonly program?: BuildProgram
  /** Found, expected, and the cure, in each language. */
  readonly says: Readonly<Record<Language, readonly string[]>>
}

const both = (...words: string[]): Mistake['says'] => ({ en: words, zh: words })

const MISTAKES: readonly Mistake[] = [
  {
    code: 'unknownCommand',
    args: ['statuss'],
    says: {
      en: ['no command statuss', 'did you mean status?', 'ferry --help lists'],
      zh: ['没有命令 statuss', '您是否想写 status？', 'ferry --help 列出'],
    },
  },
  { code: 'unknownCommand', args: ['deid', 'chek'], says: both('ferry deid', 'check', 'ferry deid --help') },
  { code: 'unknownCommand', args: ['devices', 'aprove', 'CT1'], says: both('ferry devices', 'approve') },
  { code: 'unknownCommand', args: ['quarantine', 'relase', '--study', '1'], says: both('release') },
  { code: 'unknownCommand', args: ['hlep', 'status'], says: both('hlep', 'help') },
  { code: 'unknownCommand', args: ['help', 'devices', 'aprove'], says: both('ferry devices', 'approve') },
  { code: 'unknownCommand', args: ['aprove'], program: ferryCenterProgram, says: both('approve') },
  { code: 'unknownCommand', args: ['qqqqqqqqqq'], says: both('qqqqqqqqqq', 'ferry --help') },
  {
    code: 'unknownOption',
    args: ['queue', '--limt=3'],
    says: {
      en: ['no option --limt;', 'did you mean --limit?', 'ferry queue --help lists'],
      zh: ['没有选项 --limt；', '您是否想写 --limit？', 'ferry queue --help 列出'],
    },
  },
  { code: 'unknownOption', args: ['queue', '--confg', 'x'], says: both('--confg', '--config') },
  { code: 'unknownOption', args: ['queue', '-x'], says: both('-x', 'ferry queue --help') },
  {
    code: 'missingArgument',
    args: ['join'],
    says: {
      en: ['ferry join needs code', 'expected: ferry join [options] <code>'],
      zh: ['ferry join 缺少参数 code', '应为：ferry join [选项] <code>'],
    },
  },
  {
    code: 'excessArguments',
    args: ['join', 'a', 'b'],
    says: {
      en: ['takes 1 argument, and got 2: a b', 'expected: ferry join [options] <code>'],
      zh: ['只接受 1 个参数，实际有 2 个：a b', '应为：ferry join [选项] <code>'],
    },
  },
  {
    code: 'excessArguments',
    args: ['status', 'now'],
    says: { en: ['takes no arguments', 'now'], zh: ['不需要参数', 'now'] },
  },
  {
    code: 'optionMissingArgument',
    args: ['queue', '--limit'],
    says: { en: ['no value', 'expected: --limit <n>'], zh: ['没有写值', '应为：--limit <n>'] },
  },
  {
    code: 'missingMandatoryOptionValue',
    args: ['quarantine', 'export', '01J'],
    says: {
      en: ['ferry quarantine export needs --to', 'expected: --to <folder>'],
      zh: ['ferry quarantine export 缺少选项 --to', '应为：--to <folder>'],
    },
  },
  {
    code: 'invalidArgument',
    args: ['completion', 'bsh'],
    says: {
      en: ['<shell> does not accept bsh', 'did you mean bash?', 'expected: bash, zsh, fish'],
      zh: ['<shell> 不接受 bsh', '您是否想写 bash？', '应为：bash、zsh、fish'],
    },
  },
  {
    code: 'invalidArgument',
    args: ['logs', '--level', 'wran'],
    says: { en: ['error, warn, info, debug'], zh: ['wran', 'error、warn、info、debug'] },
  },
  { code: 'invalidArgument', args: ['queue', '--limit', 'x'], says: both('--limit <n>', 'x', '1 … 10000') },
  {
    code: 'invalidArgument',
    args: ['init', '--device', '='],
    says: { en: ['NAME=AET@address'], zh: ['名称=AET@地址'] },
  },
  {
    code: 'conflictingOption',
    args: ['either', '--one', '--other'],
    program: withConflict,
    says: {
      en: ['--other and --one cannot be used together', 'leave one of them out'],
      zh: ['--other 与 --one 不能同时使用', '去掉其中一个'],
    },
  },
]

/** Codes of commander that are not mistakes, or that cannot occur, with the reason. */
const WITHOUT_MISTAKE: Readonly<Record<string, string>> = {
  version: 'printed the version',
  help: 'printed the help',
  helpDisplayed: 'printed the help',
  executeSubCommandAsync: 'no command is another executable file',
  error: 'the code of a message of ours; no file of src calls error()',
}

async function run(
  args: readonly string[],
  language: Language,
  program?: BuildProgram,
): Promise<CommandResult> {
  using folder = tempFolder()
  const environment = language === 'zh' ? { LANG: 'zh_CN.UTF-8' } : { FERRY_LANG: 'en' }
  return await runCommand(folder.path, args, { environment, ...(program && { program }) })
}

/** Lines with words in a row that are not Chinese. */
const englishLines = (text: string): string[] => text.split('\n').filter((line) => isSentence(line))

test('every error code of commander has a mistake here, or a reason why it cannot be one', () => {
  const source = globSync('node_modules/commander/lib/*.js').map((file) => readFileSync(file, 'utf8'))
  const codes = source.join('\n').matchAll(/'commander\.(\w+)'/g)
  const known = [...MISTAKES.map(({ code }) => code), ...Object.keys(WITHOUT_MISTAKE)]
  expect(new Set(known)).toEqual(new Set(Array.from(codes, ([, code]) => code)))
})

test('no file of src reports a mistake by a message of its own through commander', () => {
  const files = globSync('src/console/**/*.ts').map((file) => readFileSync(file, 'utf8'))
  const calls = /\b(?:program|command|this)\.error\(|\.executableDir\(/
  expect(files.filter((text) => calls.test(text))).toEqual([])
  expect(calls.test("program.error('x')")).toBe(true)
})

describe.each<Language>(['en', 'zh'])('in %s', (language) => {
  test.each(MISTAKES.map((mistake) => [mistake.code, mistake.args.join(' '), mistake] as const))(
    '%s is told with what was found, what was expected and what to do: %s',
    async (_, __, { args, program, says }) => {
      const { exitCode, out, err } = await run(args, language, program)
      expect([exitCode, out]).toEqual([2, ''])
      for (const words of says[language]) expect(err).toContain(words)
      expect(err).toMatch(/^.+ \(USAGE\)\n {2}.+\n→ .+\n$/)
      expect(err).not.toMatch(/^error:/m)
    },
  )
})

test.each(MISTAKES.map((mistake) => [mistake.args.join(' '), mistake] as const))(
  'a reader of Chinese is told no English sentence, a reader of English no Chinese one: %s',
  async (_, { args, program }) => {
    const chinese = await run(args, 'zh', program)
    expect(englishLines(chinese.err)).toEqual([])
    for (const line of chinese.err.trimEnd().split('\n')) expect(line).toMatch(/\p{Script=Han}/u)
    const english = await run(args, 'en', program)
    // The check finds English where it is.
    expect(englishLines(english.err)).not.toEqual([])
    expect(english.err).not.toMatch(/\p{Script=Han}/u)
  },
)

test('a mistake is JSON on standard error if JSON was asked for', async () => {
  const { exitCode, out, err } = await run(['queue', '--json', '--limt'], 'en')
  expect([exitCode, out]).toEqual([2, ''])
  expect(JSON.parse(err)).toMatchObject({ schemaVersion: 1, error: { code: 'USAGE' } })
})

describe.each<[string, BuildProgram]>([
  ['ferry', ferryProgram],
  ['ferry-center', ferryCenterProgram],
])('%s', (name, build) => {
  test('the help of every command has nothing of commander in English in Chinese', async () => {
    for (const path of await pathsOf(build)) {
      const { exitCode, out } = await run([...path, '--help'], 'zh', build)
      expect([path, exitCode]).toEqual([path, 0])
      expect(out).toMatch(new RegExp(`^用法： ${[name, ...path].join(' ')}`))
      expect(out).not.toMatch(
        /\((?:default|choices|env|preset)[: ]|display help|\[options\]|\[command\]|（默认：）/,
      )
    }
  })

  test('help with the words of a command prints what its --help prints', async () => {
    for (const path of await pathsOf(build)) {
      for (const language of ['en', 'zh'] as const) {
        const help = await run(['help', ...path], language, build)
        expect(help).toEqual(await run([...path, '--help'], language, build))
      }
    }
  })

  test('version prints what --version prints', async () => {
    const version = await run(['version'], 'en', build)
    expect(version).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) })
    expect(version).toEqual(await run(['--version'], 'en', build))
  })

  test('completion knows help and version', async () => {
    const { out } = await run(['completion', 'fish'], 'zh', build)
    expect(out).toContain("-a help -d '显示本程序或某个命令的帮助'")
    expect(out).toContain("-a version -d '显示版本'")
  })
})

test('an option of the program before or after the word of a command finds that command', async () => {
  const help = await run(['--lang', 'zh', '--config', 'status', 'queue', '--help'], 'en')
  expect(help.out).toMatch(/^用法： ferry --config .*status queue \[选项\]/)
  const all = await run(['--help', 'status'], 'en')
  expect(all.out).toBe((await run(['--help'], 'en')).out)
})

async function pathsOf(build: BuildProgram): Promise<string[][]> {
  let paths: string[][] = []
  await runCommand('.', ['--version'], {
    program: async (session) => {
      const program = await build(session, [])
      paths = pathsBelow(program)
      return program
    },
  })
  expect(paths.length).toBeGreaterThan(15)
  return paths
}

const pathsBelow = (command: Command): string[][] => [
  [],
  ...command.commands.flatMap((inner) => pathsBelow(inner).map((path) => [inner.name(), ...path])),
]
