import { expect, test } from '@jest/globals'
import type { RunTool } from '../../src/platform/host/run-tool.ts'
import { askWindowsFirewall } from '../../src/platform/host/windows-firewall.ts'
import { windowsPortHolder } from '../../src/platform/host/windows-port-holder.ts'
import { readWindowsService } from '../../src/platform/host/windows-service.ts'

/** Answers of Windows in Chinese, by the name of the tool and its first argument. */
function windows(answers: Readonly<Record<string, string>>): RunTool {
  return (name, ...args) => {
    const out = answers[`${name} ${args[0]}`]
    return Promise.resolve(out === undefined ? { exitCode: 1060, out: '' } : { exitCode: 0, out })
  }
}

test('the program at a port of a Chinese Windows is found by number, whatever the words are', async () => {
  const run = windows({
    'netstat -ano':
      '\r\n活动连接\r\n\r\n  协议  本地地址          外部地址        状态           PID\r\n  TCP    0.0.0.0:11112   10.0.0.1:40000  ESTABLISHED  7\r\n  TCP    0.0.0.0:11112   0.0.0.0:0       LISTENING    4321\r\n',
    'tasklist /FI': '"storescp.exe","4321","Services","0","12,345 K"\r\n',
  })
  expect(await windowsPortHolder(11_112, run)).toEqual({ name: 'storescp.exe', pid: 4321 })
  expect(await windowsPortHolder(1112, run)).toBeUndefined()
})

test('the state of a service of a Chinese Windows is read by its numbers', async () => {
  const state =
    'SERVICE_NAME: Ferry\r\n        类型               : 10  WIN32_OWN_PROCESS\r\n        状态               : 1  STOPPED\r\n'
  const settings = '        START_TYPE         : 4   DISABLED\r\n'
  const run = windows({ 'sc query': state, 'sc qc': settings })
  expect(await readWindowsService('Ferry', run)).toEqual({
    state: 'stopped',
    isAutomatic: false,
    isDisabled: true,
  })
  expect(await readWindowsService('Ferry', windows({}))).toBe('absent')
})

const FERRY = String.raw`C:\Program Files\Ferry\ferry.exe`

interface NetshRule {
  enabled?: string
  protocol?: string
  port?: string
  program?: string
  action?: string
}

/** A rule as `netsh advfirewall firewall show rule … verbose` prints it. */
const WORDS = {
  English: { yes: 'Yes', no: 'No', any: 'Any', allow: 'Allow', block: 'Block', on: 'ON', off: 'OFF' },
  Chinese: { yes: '是', no: '否', any: '任何', allow: '允许', block: '阻止', on: '启用', off: '关闭' },
} as const
type Words = (typeof WORDS)[keyof typeof WORDS]
const TITLES = {
  English:
    'Rule Name|Description|Enabled|Direction|Profiles|Grouping|LocalIP|RemoteIP|Protocol|LocalPort|RemotePort|Edge traversal|Program|InterfaceTypes|Security|Rule source|Action',
  Chinese:
    '规则名称|描述|已启用|方向|配置文件|分组|本地 IP|远程 IP|协议|本地端口|远程端口|边缘遍历|程序|接口类型|安全|规则源|操作',
}

function netshRule(language: keyof typeof WORDS, rule: NetshRule): string {
  const words: Words = WORDS[language]
  const { enabled = words.yes, protocol = 'TCP', port = words.any, action = words.allow } = rule
  const { any } = words
  const values = ['DICOM 规则', 'for: images', enabled, 'In', 'Domain,Private,Public', '', any, any]
  const rest = [
    protocol,
    port,
    any,
    words.no,
    rule.program ?? '',
    any,
    'NotRequired',
    'Local Setting',
    action,
  ]
  const lines = TITLES[language].split('|').map((title, at) => {
    const value = [...values, ...rest][at] ?? ''
    return at === 12 && value === '' ? '' : `${`${title}:`.padEnd(38)}${value}\r\n`
  })
  return `\r\n${lines[0]}${'-'.repeat(70)}\r\n${lines.slice(1).join('')}`
}

/** A Windows with these rules. */
function firewall(language: keyof typeof WORDS, rules: readonly NetshRule[], state = 'on'): RunTool {
  const word = state === 'on' ? WORDS[language].on : WORDS[language].off
  const profile = `Profile:\r\n${'-'.repeat(70)}\r\n${language === 'Chinese' ? '状态' : 'State'}                 ${word}\r\n`
  return (_, ...args) => {
    const out = args.includes('allprofiles')
      ? `\r\n${profile}\r\n${profile}\r\n`
      : `${rules.map((rule) => netshRule(language, rule)).join('')}\r\nOk.\r\n`
    return Promise.resolve({ exitCode: 0, out })
  }
}

test.each(['English', 'Chinese'] as const)(
  'the rules of an %s Windows Firewall are read whatever the titles are',
  async (language) => {
    const { no, block } = WORDS[language]
    const other = { port: '445' }
    const stateWith = async (...rules: NetshRule[]) =>
      (await askWindowsFirewall(11_112, FERRY, firewall(language, [other, ...rules])))?.state
    expect(await stateWith()).toBe('shut')
    expect(await stateWith({ port: '11112' })).toBe('open')
    expect(await stateWith({ port: '104,11000-11200' })).toBe('open')
    expect(await stateWith({ program: FERRY.toLowerCase() })).toBe('open')
    expect(await stateWith({ program: String.raw`C:\other.exe` })).toBe('shut')
    expect(await stateWith({ port: '111' }, { port: '11112', protocol: 'UDP' })).toBe('shut')
    expect(await stateWith({ port: '11112', enabled: no })).toBe('shut')
    expect(await stateWith({ port: '11112' }, { program: FERRY, action: block })).toBe('shut')
  },
)

test('a Windows Firewall that is off or tells nothing is not called shut', async () => {
  for (const language of ['English', 'Chinese'] as const) {
    expect(await askWindowsFirewall(11_112, FERRY, firewall(language, [{}], 'off'))).toBeUndefined()
    expect(await askWindowsFirewall(11_112, FERRY, firewall(language, []))).toEqual({
      state: 'unseen',
      by: 'Windows',
    })
  }
})
