import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { loadAgentSettings } from '../../src/config/agent-settings.ts'
import { addDeviceToFile, removeDeviceFromFile } from '../../src/config/editing/edit-devices.ts'
import { newAgentFile } from '../../src/config/editing/example-file.ts'
import { tempFolder } from '../support/temp-folder.ts'

const CT = { name: 'CT 一室', aeTitle: '0123', kind: 'CT', addresses: ['10.0.0.1'] }
const CT_LINES = [
  '  - name: "CT 一室"',
  '    aeTitle: "0123"',
  '    kind: "CT"',
  '    addresses: ["10.0.0.1"]',
]

async function edited(source: string): Promise<{ text: string; devices: readonly { name: string }[] }> {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, source)
  await addDeviceToFile(path, CT, 'en')
  expect(readdirSync(folder.path)).toEqual(['ferry.yaml'])
  return { text: readFileSync(path, 'utf8'), devices: loadAgentSettings(path).devices }
}

/** Returns the lines of the second that the first lacks, and checks that the others are there in the same order. */
function addedLines(before: string, after: string): string[] {
  const left = before.split('\n')
  return after.split('\n').filter((line) => {
    if (left[0] !== line) return true
    left.shift()
    return false
  })
}

test.each([
  ['the new file of ferry init', newAgentFile({})],
  ['an empty list', 'log:\n  level: warn # quiet\ndevices:\n# the end\nunknownDevices: reject\n'],
  [
    'a list with comments of many a kind',
    '# top\ndevices:   # those that we know\n  # first\n  - name: US # ours\n    aeTitle:   US1\n    addresses:\n      - 10.0.0.7 # wall\n\n  # not yet\n\nlog: {level: warn}   # odd   spaces\n',
  ],
  ['no list at all', '# mine\nlog:\n  level: warn\n'],
])('in %s only the lines of the device are new', async (_, source) => {
  const { text, devices } = await edited(source)
  expect(addedLines(source, text).filter((line) => line !== 'devices:')).toEqual(CT_LINES)
  expect(devices.at(-1)).toEqual(CT)
})

test.each([
  ['[]', 'devices: [] # none yet\nlog: {level: warn} # x\n', 'devices: # none yet\n'],
  ['[{…}]', 'devices: [{name: US, aeTitle: US1, addresses: [10.0.0.7]}] # x\n', '[10.0.0.7]}, {"name":"CT'],
  [
    'lines at the left edge',
    'devices:\n- name: US\n  aeTitle: US1\nlog: {level: warn} # x\n',
    '\n- name: "CT',
  ],
  [
    'Windows line ends',
    'devices:\r\n  # none\r\nlog: {level: warn} # x\r\n',
    '# none\r\n  - name: "CT 一室"\r\n',
  ],
  ['an empty file', '', 'devices:\n  - name'],
])('a list written as %s is understood, and its comments stay', async (_, source, expected) => {
  const { text, devices } = await edited(source)
  expect(text).toContain(expected)
  expect(text.includes('# x')).toBe(source.includes('# x'))
  expect(devices.at(-1)).toEqual(CT)
})

test('mode stays, and a file with a fault is left alone', async () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, 'devices:\n')
  chmodSync(path, 0o640)
  await addDeviceToFile(path, CT, 'en')
  expect(statSync(path).mode & 0o777).toBe(0o640)
  const broken = `${readFileSync(path, 'utf8')}colour: blue\n`
  writeFileSync(path, broken)
  await expect(addDeviceToFile(path, { ...CT, name: 'B', aeTitle: 'B' }, 'en')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/^ferry\.yaml:6:1 colour: there is no such setting/),
  })
  expect(readFileSync(path, 'utf8')).toBe(broken)
})

test.each([
  ['a device that cannot be told from a listed one', 'devices:\n  - {name: X, aeTitle: "0123"}\n', CT],
  ['an address that is none', 'devices:\n', { ...CT, addresses: ['10.0.0'] }],
  ['a file that is one flow map', '{devices: }\n', CT],
])('%s is refused, and the file stays as it is', async (_, source, device) => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  writeFileSync(path, source)
  await expect(addDeviceToFile(path, device, 'en')).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  expect(readFileSync(path, 'utf8')).toBe(source)
  expect(readdirSync(folder.path)).toEqual(['ferry.yaml'])
})

test('a device that is added and taken out again leaves the file as it was', async () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  const source = 'devices:\n  # first\n  - name: US\n    aeTitle: US1\n\n  # later\nlog: {level: warn}\n'
  writeFileSync(path, source)
  await addDeviceToFile(path, CT, 'en')
  await removeDeviceFromFile(path, 1, 'en')
  expect(readFileSync(path, 'utf8')).toBe(source)
  await removeDeviceFromFile(path, 0, 'en')
  expect(readFileSync(path, 'utf8')).toBe('devices:\n  # first\n\n  # later\nlog: {level: warn}\n')
})

test('all that the example shows of a device is right', () => {
  using folder = tempFolder()
  const path = folder.join('ferry.yaml')
  const example = readFileSync('config/ferry.example.yaml', 'utf8')
  const [block = ''] = /^devices:\n(?: {2}#.*\n)+/m.exec(example) ?? []
  writeFileSync(path, `listener: {tls: {enabled: on}}\n${block.replace(/^ {2}# /gm, '  ')}`)
  expect(loadAgentSettings(path).devices).toEqual([
    {
      name: 'CT 一室',
      aeTitle: 'CT1',
      addresses: ['192.168.1.20'],
      procedureSteps: false,
      kind: 'CT',
      room: '一楼',
      silentAfterMs: 14 * 24 * 3_600_000,
      calledAeTitles: ['OLDPACS'],
      tls: 'required',
      certificate: 'ct1.clinic.example',
      dicom: { host: '192.168.1.20', port: 104, aeTitle: 'CT1', tls: false },
      quirks: {
        transferSyntaxes: ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2.4.70'],
        pduBytes: 16 * 1024,
        instanceBytes: 2 * 2 ** 30,
        characterSet: 'GB18030',
        reading: 'lenient',
      },
    },
  ])
})
