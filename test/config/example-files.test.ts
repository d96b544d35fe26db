import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { AGENT_SETTINGS, loadAgentSettings } from '../../src/config/agent-settings.ts'
import { CENTER_SETTINGS, loadCenterSettings } from '../../src/config/center-settings.ts'
import { newAgentFile, newCenterFile } from '../../src/config/editing/example-file.ts'
import { settingsJsonSchema } from '../../src/config/settings-json-schema.ts'
import { tempFolder } from '../support/temp-folder.ts'

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly items?: JsonSchema
  readonly description?: string
}

const KINDS = [
  ['ferry', AGENT_SETTINGS],
  ['center', CENTER_SETTINGS],
] as const

const example = (name: string): string => readFileSync(`config/${name}.example.yaml`, 'utf8')

/** Every key that the schema knows, with its path. */
function keysOf(
  { properties = {}, items }: JsonSchema,
  path = '',
): { key: string; path: string; schema: JsonSchema }[] {
  const own = Object.entries(properties).flatMap(([key, schema]) => [
    { key, path: `${path}${key}`, schema },
    ...keysOf(schema, `${path}${key}.`),
  ])
  return items === undefined ? own : [...own, ...keysOf(items, path)]
}

test.each(KINDS)('config/%s.example.yaml mentions every setting', (name, kind) => {
  const keys = keysOf(settingsJsonSchema(kind))
  expect(keys.length).toBeGreaterThan(15)
  const text = example(name)
  const missing = keys.filter(({ key }) => !new RegExp(`^[ #-]*${key}:`, 'm').test(text))
  expect(missing.map(({ path }) => path)).toEqual([])
})

test('every value in the agent example is the default', () => {
  using folder = tempFolder()
  const [empty, copy] = [folder.join('empty.yaml'), folder.join('copy.yaml')]
  writeFileSync(empty, '')
  writeFileSync(copy, example('ferry'))
  expect(loadAgentSettings(copy)).toEqual(loadAgentSettings(empty))
})

test('every value in the center example is the default, apart from those that must be given', () => {
  using folder = tempFolder()
  const [least, copy] = [folder.join('least.yaml'), folder.join('copy.yaml')]
  writeFileSync(least, 'name: x\npublicUrl: https://x\n')
  writeFileSync(copy, example('center'))
  const { name: _, publicUrl, ...rest } = loadCenterSettings(copy)
  expect(publicUrl).toBe('https://imaging.example.org:8443')
  expect(loadCenterSettings(least)).toMatchObject(rest)
})

test('the settings that the examples show as comments are valid too', () => {
  using folder = tempFolder()
  const [agent, center] = [folder.join('ferry.yaml'), folder.join('center.yaml')]
  // test/config/order-settings.test.ts reads those of orders.
  const [beforeOrders = ''] = example('ferry').split('\norders:')
  writeFileSync(
    agent,
    uncommented(
      beforeOrders,
      /^ {2}# (- name:| {2}aeTitle:| {2}addresses:)|^# (metrics:$| {2}listen:$| {4}[a-z]+: )/,
    ),
  )
  writeFileSync(
    center,
    uncommented(example('center'), /^# ((tls|pacs|metrics):$| {2}listen:$| {2,4}[a-zA-Z]+: )/),
  )
  expect(loadAgentSettings(agent).devices).toEqual([
    { name: 'CT 一室', aeTitle: 'CT1', addresses: ['192.168.1.20'] },
  ])
  expect(loadAgentSettings(agent).metrics).toEqual({ listen: { host: '0.0.0.0', port: 11_181 } })
  expect(loadCenterSettings(center)).toMatchObject({
    tls: { keyFile: folder.join('tls/center.key') },
    metrics: { listen: { host: '127.0.0.1', port: 8444 } },
    pacs: {
      url: 'http://127.0.0.1:8042/dicom-web',
      passwordFile: folder.join('pacs-password'),
      timeoutMs: 120_000,
    },
  })
})

test('a new agent file keeps the comments and says what was asked for', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  const devices = [
    { name: 'CT 一室', aeTitle: '0123', address: '10.0.0.1' },
    { name: 'MR', aeTitle: '1E5' },
  ]
  const text = newAgentFile({ aeTitle: '0042', port: 104, dataFolder: '/var/lib/ferry', devices })
  writeFileSync(path, text)
  expect(loadAgentSettings(path)).toMatchObject({
    dataFolder: '/var/lib/ferry',
    listener: { aeTitles: ['0042'], port: 104 },
    devices: [
      { name: 'CT 一室', aeTitle: '0123', addresses: ['10.0.0.1'] },
      { name: 'MR', aeTitle: '1E5', addresses: [] },
    ],
  })
  expect(comments(text)).toBeGreaterThanOrEqual(comments(example('ferry')) - 3)
})

test('a new center file says what was asked for', () => {
  using folder = tempFolder()
  const path = folder.join('center.yaml')
  writeFileSync(path, newCenterFile({ name: '锦屏中心', publicUrl: 'https://center:1', port: 9443 }))
  expect(loadCenterSettings(path)).toMatchObject({
    name: '锦屏中心',
    publicUrl: 'https://center:1',
    listen: { port: 9443 },
  })
})

test.each([
  ['https://center:18443', undefined, 18_443],
  ['https://center', undefined, 443],
  ['https://[2001:db8::1]:9443', undefined, 9443],
  ['https://center:18443', 8443, 8443],
])('a new center at %s with the port option %p listens at port %i', (publicUrl, port, listened) => {
  using folder = tempFolder()
  const path = folder.join('center.yaml')
  writeFileSync(path, newCenterFile({ name: 'C', publicUrl, ...(port && { port }) }))
  expect(loadCenterSettings(path)).toMatchObject({ publicUrl, listen: { port: listened } })
})

test.each(KINDS)('the JSON Schema of the %s file says of every setting what it is for', (_, kind) => {
  const silent = keysOf(settingsJsonSchema(kind)).filter(
    ({ schema }) => schema.properties === undefined && schema.description === undefined,
  )
  expect(silent.map(({ path }) => path)).toEqual([])
})

function uncommented(text: string, pattern: RegExp): string {
  return text
    .split('\n')
    .map((line) => (pattern.test(line) ? line.replace('# ', '') : line))
    .join('\n')
}

const comments = (yaml: string): number =>
  yaml.split('\n').filter((line) => line.trim().startsWith('#')).length
