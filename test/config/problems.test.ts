import { writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { checkAgentSettings, loadAgentSettings } from '../../src/config/agent-settings.ts'
import { loadCenterSettings } from '../../src/config/center-settings.ts'
import { Failure } from '../../src/platform/failure.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** The lines of the CONFIG_INVALID that loading this text ends in; none if it loads. */
function problemsOf(
  yaml: string,
  language: 'en' | 'zh' = 'en',
  load: (path: string, language: 'en' | 'zh') => unknown = loadAgentSettings,
): string[] {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, yaml)
  try {
    load(path, language)
    return []
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'CONFIG_INVALID') throw error
    return error.message.split('\n')
  }
}

const EVERYTHING_WRONG = `version: 2
dataFoldr: x
listener:
  aeTitles: [JINPING_CLINIC_03_AGENT, FERRY, FERRY]
  port: 11x12
devices:
  - name: CT 一室
    aeTitle: CT1
    addresses: [192.168.1.300]
  - name: CT 一室
    aeTitle: CT1
  - aeTitle: A\\B
    name:
unknownDevices: acept
limits: 5
send:
  pack: 64
  bandwidth: 20
study: {quiet: 60}
`

test('every mistake is told at once, with its line and column, what was found and what was expected', () => {
  expect(problemsOf(EVERYTHING_WRONG)).toEqual([
    'ferry.yaml:1:10 version: this file has version "2", made for a newer Ferry: install that one',
    'ferry.yaml:2:1 dataFoldr: there is no such setting; did you mean dataFolder?',
    'ferry.yaml:4:14 listener.aeTitles[0]: "JINPING_CLINIC_03_AGENT" is not an AE title (1 to 16 ASCII characters, no backslash) or * for any',
    'ferry.yaml:4:46 listener.aeTitles[2]: "FERRY" is already on line 4',
    'ferry.yaml:5:9 listener.port: "11x12" is not a port number from 1 to 65535',
    'ferry.yaml:9:17 devices[0].addresses[0]: "192.168.1.300" is not an IP address such as 192.168.1.20 or a network such as 192.168.1.0/24',
    'ferry.yaml:10:11 devices[1].name: "CT 一室" is already on line 7',
    'ferry.yaml:11:14 devices[1].aeTitle: "CT1" is already on line 8',
    'ferry.yaml:12:14 devices[2].aeTitle: "A\\B" is not an AE title: 1 to 16 ASCII characters, no backslash',
    'ferry.yaml:13:10 devices[2].name: missing; expected a text of 1 to 100 characters',
    'ferry.yaml:14:17 unknownDevices: "acept" is not one of reject, accept; did you mean accept?',
    'ferry.yaml:15:9 limits: "5" is not a group of settings, each on its own indented line',
    'ferry.yaml:17:9 send.pack: "64" is not a size with its unit, such as 64KiB, 16MiB or 2GiB, from 1MiB to 64MiB',
    'ferry.yaml:18:14 send.bandwidth: "20" is not a rate with its unit, such as 20Mbit/s or 2MiB/s, or the word unlimited',
    'ferry.yaml:19:16 study.quiet: "60" is not a duration with its unit, such as 60s, 10m, 2h or 7d, from 1s to 1d',
  ])
})

test('the same mistakes are told in Chinese, one for one', () => {
  const chinese = problemsOf(EVERYTHING_WRONG, 'zh')
  expect(places(chinese)).toEqual(places(problemsOf(EVERYTHING_WRONG)))
  expect(chinese[1]).toBe('ferry.yaml:2:1 dataFoldr: 没有这个设置项；您是否想写 dataFolder？')
  expect(chinese.filter((line) => !/\p{Script=Han}/u.test(line))).toEqual([])
})

test.each([
  ['a: [1', 'ferry.yaml:1:6: not readable as YAML: Flow sequence in block collection'],
  ['log: {}\nlog: {}', 'ferry.yaml:2:1 log: this setting is already on line 1: remove one of the two'],
  ['recipients: &r []\ndevices: *r', 'ferry.yaml:2:10: not readable as YAML: *r refers to another place'],
  ['just words', 'ferry.yaml:1:1: "just words" is not a group of settings'],
  ['devices: CT1', 'ferry.yaml:1:10 devices: "CT1" is not a list'],
  [
    'colour: red',
    'ferry.yaml:1:1 colour: there is no such setting; the settings here are version, dataFolder, log,',
  ],
  ['listener:\n  prot: 1', 'ferry.yaml:2:3 listener.prot: there is no such setting; did you mean port?'],
  [
    'devices:\n  - aetitle: X',
    'ferry.yaml:2:5 devices[0].aetitle: there is no such setting; did you mean aeTitle?',
  ],
  ['listener: {port: 65536}', 'ferry.yaml:1:18 listener.port: "65536" is not a port number'],
  ['send: {uploads: 1.5}', 'ferry.yaml:1:17 send.uploads: "1.5" is not a whole number from 1 to 16'],
  ['retention: {confirmed: -1d}', 'ferry.yaml:1:24 retention.confirmed: "-1d" is not a duration'],
  ['listener: {host: 10.0.0.256}', 'ferry.yaml:1:18 listener.host: "10.0.0.256" is not an IP address'],
  ['recipients: [age1abc]', 'ferry.yaml:1:14 recipients[0]: "age1abc" is not an age recipient'],
])('%j is a mistake that is explained', (yaml, beginning) => {
  expect(problemsOf(yaml).filter((line) => line.startsWith(beginning))).toHaveLength(1)
})

test('an AE title that YAML would take for a number stays as it was typed', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, 'listener: {aeTitles: [0123, 1E5, 0x1F, no]}')
  expect(loadAgentSettings(path).listener.aeTitles).toEqual(['0123', '1E5', '0x1F', 'no'])
})

test('one AE title at two addresses is two devices, and no mistake', () => {
  expect(problemsOf(`devices:\n${device('one', '10.0.0.1')}${device('two', '10.0.0.2')}`)).toEqual([])
  expect(problemsOf(`devices:\n${device('one', '10.0.0.1')}${device('two', '10.0.0.1')}`)).toHaveLength(1)
})

test('a priority is the name, AE title or kind of a listed device', () => {
  const listed = 'devices: [{name: 急诊, aeTitle: DR1, kind: DX}]\n'
  expect(problemsOf(`${listed}send: {priority: [急诊, DR1, DX]}`)).toEqual([])
  expect(problemsOf(`${listed}send: {priority: [DR2]}`)).toEqual([
    'ferry.yaml:2:19 send.priority[0]: "DR2" is not one of 急诊, DR1, DX; did you mean DR1?',
  ])
  expect(problemsOf('send: {priority: [DX]}')).toEqual([
    'ferry.yaml:1:19 send.priority[0]: "DX" is not the name or AE title of an entry of devices, which is empty',
  ])
})

test('a file that Notepad saved as GBK is read, and said to be one', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  const gbk = Buffer.from([0x43, 0x54, 0x20, 0xd2, 0xbb, 0xca, 0xd2]) // CT 一室
  writeFileSync(path, Buffer.concat([Buffer.from('devices: [{aeTitle: CT1, name: '), gbk, Buffer.from('}]')]))
  const { settings, encoding } = checkAgentSettings(path)
  expect([encoding, settings?.devices[0]?.name]).toEqual(['gb18030', 'CT 一室'])
  writeFileSync(path, '\uFEFFdevices: [{aeTitle: CT1, name: CT 一室}]\r\n')
  expect(checkAgentSettings(path)).toMatchObject({
    encoding: 'utf-8',
    settings: { devices: [{ name: 'CT 一室' }] },
  })
})

test('an empty file is an agent with every default, and settings cannot be changed', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, '')
  const settings = loadAgentSettings(path)
  expect(settings).toMatchObject({ dataFolder: folder.join('data'), unknownDevices: 'reject', devices: [] })
  expect(settings.send.bandwidthBytesPerSecond).toBeUndefined()
  expect(() => Object.assign(settings.listener, { port: 1 })).toThrow(TypeError)
})

test('durations, sizes and rates are read in their units', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(
    path,
    'study: {quiet: 1.5m}\nlimits: {instance: 2 GiB, pdu: 64kb}\nsend: {bandwidth: 20Mbit/s}\nstatusPage: {enabled: no}',
  )
  expect(loadAgentSettings(path)).toMatchObject({
    study: { quietMs: 90_000 },
    limits: { instanceBytes: 2 * 1024 ** 3, pduBytes: 64_000 },
    send: { bandwidthBytesPerSecond: 2_500_000 },
    statusPage: undefined,
  })
})

test('a center without a name and a public address is told so', () => {
  expect(problemsOf('publicUrl: http://x\npacs: {url: "http://u:p@pacs"}', 'en', loadCenterSettings)).toEqual(
    [
      'ferry.yaml:1:1 name: missing; expected a text of 1 to 100 characters',
      'ferry.yaml:1:12 publicUrl: "http://x" is not a URL that begins with https:// and holds no password',
      'ferry.yaml:2:13 pacs.url: "http://u:p@pacs" is not a URL that begins with http:// or https:// and holds no password',
    ],
  )
})

test('a file that is not there is a configuration failure that names it', () => {
  expect(() => loadAgentSettings('/nowhere/ferry.yaml')).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('/nowhere/ferry.yaml'),
    }),
  )
})

/** The `file:line:column` of each line. */
const places = (lines: string[]): (string | undefined)[] => lines.map((line) => line.split(' ')[0])

const device = (name: string, address: string): string =>
  `  - {name: ${name}, aeTitle: CT1, addresses: [${address}]}\n`
