import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { checkAgentSettings, loadAgentSettings } from '../../src/config/agent-settings.ts'
import { describeProblem } from '../../src/config/yaml/problem-words.ts'
import { tempFolder } from '../support/temp-folder.ts'

function problemsOf(text: string): string[] {
  using folder = tempFolder()
  writeFileSync(folder.join('ferry.yaml'), text)
  return checkAgentSettings(folder.join('ferry.yaml')).problems.map((problem) =>
    describeProblem('ferry.yaml', problem, 'en'),
  )
}

const http = (rest: string): string[] =>
  problemsOf(`orders: [{name: a, http: {url: "http://x.example/", ${rest}}}]`)

const hl7 = (rest: string): string[] =>
  problemsOf(`${rest}\norders: [{name: a, hl7: {host: 127.0.0.1, addresses: [10.0.0.1]}}]`)

test('each kind of source is read, with its defaults and paths beside the file', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(
    path,
    `orders:
  - name: files
    files: {folder: in, fields: {patientId: 病历号}, defaults: {modality: ES}}
  - name: web
    http: {url: "http://127.0.0.1:1/orders?d={today}", tokenFile: token}
  - name: wl
    worklist: {host: 127.0.0.1, aeTitle: RIS, characterSet: GB18030}
  - name: hl7
    hl7: {host: 127.0.0.1, addresses: [10.0.0.0/8]}
`,
  )
  expect(loadAgentSettings(path).orders).toMatchObject([
    { kind: 'files', files: { folder: folder.join('in'), everyMs: 30_000, fields: { patientId: '病历号' } } },
    { kind: 'http', http: { everyMs: 120_000, timeoutMs: 20_000, tokenFile: folder.join('token') } },
    { kind: 'worklist', worklist: { port: 104, callingAeTitle: 'FERRY', everyMs: 180_000, daysBack: 1 } },
    { kind: 'hl7', hl7: { port: 2575, messageBytes: 16 * 1024 ** 2 } },
  ])
})

test('a source without a kind, with two kinds, and a name that is used twice are told', () => {
  expect(problemsOf('orders: [{name: a}]')).toEqual([expect.stringContaining('files, http, worklist')])
  expect(
    problemsOf(
      'orders:\n  - {name: a, files: {folder: x}, hl7: {host: 127.0.0.1, addresses: [10.0.0.1]}}\n  - {name: a, files: {folder: y}}\n',
    ),
  ).toEqual([expect.stringContaining('orders[0].hl7'), expect.stringContaining('orders[1].name')])
})

test('half of a pair of settings, two ways to authenticate, and an unknown field are told', () => {
  expect(http('user: a')).toEqual([expect.stringContaining('passwordFile')])
  expect(http('passwordFile: a')).toEqual([expect.stringContaining('orders[0].http.user')])
  expect(http('user: a, passwordFile: b, tokenFile: c')).toEqual([expect.stringContaining('tokenFile')])
  expect(http('fields: {patientNam: x}')).toEqual([expect.stringContaining('patientName')])
})

test('HL7 needs a key for names, and a list of senders', () => {
  expect(hl7('displayNames: local-key')).toEqual([])
  expect(hl7('displayNames: off')).toEqual([expect.stringContaining('displayNames')])
  expect(problemsOf('orders: [{name: a, hl7: {host: 127.0.0.1, addresses: []}}]')).toHaveLength(1)
  expect(problemsOf('orders: [{name: a, hl7: {host: 127.0.0.1}}]')).toHaveLength(1)
})

test('the sources that the example shows as comments are valid', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  const [, section = ''] = readFileSync('config/ferry.example.yaml', 'utf8').split(/^(?=orders:)/m)
  const lines = (section.split(/^# /m)[0] ?? '').split('\n').map((line) => line.replace(/^ {2}# {1}/, '    '))
  writeFileSync(path, lines.filter((line) => !/^\s*#/.test(line)).join('\n'))
  const { orders } = loadAgentSettings(path)
  expect(orders.map(({ kind }) => kind)).toEqual(['files', 'http', 'worklist', 'hl7'])
  expect(orders[0]).toMatchObject({
    files: {
      records: 'data.list',
      fields: { patientId: '患者.病历号', status: '状态' },
      cancelled: ['已取消'],
    },
  })
  expect(orders[1]).toMatchObject({ http: { user: 'ferry', caFile: folder.join('his-ca.crt') } })
})
