import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { checkAgentSettings, loadAgentSettings } from '../../src/config/agent-settings.ts'
import { checkCenterSettings } from '../../src/config/center-settings.ts'
import { describeProblem, type Language } from '../../src/config/yaml/problem-words.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CENTER = 'name: C\npublicUrl: https://localhost\n'

function problemsOf(yaml: string, language: Language = 'en'): string[] {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, yaml)
  return checkAgentSettings(path).problems.map((problem) => describeProblem('ferry.yaml', problem, language))
}

test.each([
  String.raw`D:\ferry\new`,
  String.raw`D:\temp\backup`,
  String.raw`D:\Users\ferry`,
  String.raw`D:\data\queue`,
  String.raw`D:\\ferry\new`,
  String.raw`D:\0`,
  String.raw`\\nas\new`,
  String.raw`\\nas\ferry`,
])('the path %s in double quotes is one problem that names its cure', (path) => {
  const yaml = `log: {level: info}\ndataFolder: "${path}"\nunknownDevices: reject\n`
  const [problem = '', ...others] = problemsOf(yaml)
  expect(others).toEqual([])
  expect(problem).toMatch(
    /^ferry\.yaml:2:13 dataFolder: in double quotes YAML takes a backslash for an escape; write '/,
  )
  expect(problem).toContain(`'${path}' in single quotes`)
  expect(problemsOf(yaml, 'zh')).toEqual([expect.stringContaining(`单引号 '${path}'`)])
})

test.each([
  String.raw`'D:\ferry\new'`,
  String.raw`"D:\\ferry\\new"`,
  String.raw`D:\ferry\new`,
  '"D:/ferry/new"',
  '"/srv/ferry"',
  String.raw`"/srv/\"ferry\""`,
])('the path %s is as good as it looks', (path) => {
  using folder = tempFolder()
  const file = folder.join('ferry.yaml')
  writeFileSync(file, `dataFolder: ${path}\n`)
  expect(problemsOf(`dataFolder: ${path}\n`)).toEqual([])
  expect(loadAgentSettings(file).dataFolder).not.toMatch(/\p{Cc}/u)
})

test('an AE title with an escape is one problem, not two', () => {
  expect(problemsOf('listener: {aeTitles: ["FE\\nRRY"]}\n')).toHaveLength(1)
})

test.each([
  ['listener:\n\tport: 1\n\thost: x\nunknown: 1\n', 2, ' (lines 3 as well)'],
  ['listener:\n  port: 104\n\thost: x\n', 3, ''],
  ['\tlog: {}\n', 1, ''],
  ['devices:\n  - name: x\n\t  aeTitle: y\n', 3, ''],
])('a tab as indentation is one problem: %j', (yaml, line, end) => {
  expect(problemsOf(yaml)).toEqual([
    `ferry.yaml:${line}:1: this line is indented with a tab, which YAML does not allow: use spaces${end}`,
  ])
  expect(problemsOf(yaml, 'zh')).toEqual([expect.stringContaining('请改用空格')])
})

test('a setting that is there twice is one problem with both lines', () => {
  expect(problemsOf('study:\n  quiet: 1s\n  quiet: 2s\nlog: {}\n')).toEqual([
    'ferry.yaml:3:3 study.quiet: this setting is already on line 2: remove one of the two',
  ])
  expect(problemsOf('study: {}\nlog: {}\nstudy: {}\n', 'zh')).toEqual([
    'ferry.yaml:3:1 study: 第 1 行已有此设置项：请删去其中一个',
  ])
  expect(problemsOf('devices:\n  - name: a\n    aeTitle: A\n    name: b\n')).toEqual([
    'ferry.yaml:4:5 devices[0].name: this setting is already on line 2: remove one of the two',
  ])
})

test('a Chinese problem has a space before a word in Latin letters', () => {
  expect(problemsOf('listener: {aeTitles: ["A\\\\B"]}\n', 'zh')[0]).toContain('应为 AE Title')
  expect(problemsOf('listener: {port: x}\n', 'zh')[0]).toContain('应为 1 至 65535 的端口号')
})

const CENTER_FILES = [
  ['passwordFile', 'pacs: {url: http://pacs, username: u, passwordFile: FILE}'],
  ['tokenFile', 'pacs: {url: http://pacs, tokenFile: FILE}'],
  ['caFile', 'pacs: {url: http://pacs, caFile: FILE}'],
  ['certificateFile', 'tls: {certificateFile: FILE, keyFile: there}'],
  ['keyFile', 'tls: {certificateFile: there, keyFile: FILE}'],
] as const
const AGENT_FILES = [
  ['certificate', 'listener: {tls: {enabled: on, certificate: FILE, key: there, ca: there}}'],
  ['key', 'listener: {tls: {enabled: on, certificate: there, key: FILE, ca: there}}'],
  ['ca', 'listener: {tls: {enabled: on, certificate: there, key: there, ca: FILE}}'],
  ['projectKeyFile', 'deidentification: {projectKeyFile: FILE}'],
] as const

test.each([
  ...CENTER_FILES.map(([setting, yaml]) => ({ setting, yaml: CENTER + yaml, check: checkCenterSettings })),
  ...AGENT_FILES.map(([setting, yaml]) => ({ setting, yaml, check: checkAgentSettings })),
])('the file of $setting is looked for', ({ setting, yaml, check }) => {
  using folder = tempFolder()
  const path = folder.join('it.yaml')
  writeFileSync(folder.join('there'), '')
  mkdirSync(folder.join('folder'))
  const problemsWith = (name: string, withFiles = true): string[] => {
    writeFileSync(path, yaml.replace('FILE', name))
    return check(path, { withFiles }).problems.map((problem) => describeProblem('it.yaml', problem, 'en'))
  }
  const end = yaml.split('\n').length
  const place = new RegExp(String.raw`^it\.yaml:${end}:\d+ [\w.]+\.${setting}: `)
  expect(problemsWith('secrets/none')).toEqual([expect.stringMatching(place)])
  expect(problemsWith('secrets/none')[0]).toContain(`there is no file ${folder.join('secrets/none')}`)
  expect(problemsWith('folder')[0]).toContain('is not a file')
  expect(problemsWith('there/none')[0]).toContain('there is no file')
  expect(problemsWith('there')).toEqual([])
  // A command that only shows something does not need the file.
  expect(problemsWith('secrets/none', false)).toEqual([])
})

test('the default files of TLS are looked for if TLS is on, and not if it is off', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  const count = (yaml: string): number => {
    writeFileSync(path, yaml)
    return checkAgentSettings(path, { withFiles: true }).problems.length
  }
  expect([
    count('listener: {tls: {enabled: on}}'),
    count('listener: {tls: {enabled: off}}'),
    count(''),
  ]).toEqual([3, 0, 0])
})
