import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { loadAgentSettings } from '../../../src/config/agent-settings.ts'
import { aeTitleFault } from '../../../src/config/setting/ae-title-fault.ts'
import { speak } from '../../../src/console/language/language.ts'
import {
  callerWord,
  deviceCommand,
  parseAeTitle,
  parseCaller,
  shellWord,
} from '../../../src/console/views/caller-word.ts'
import { deviceProblemText } from '../../../src/console/views/device-problem-text.ts'
import { aeTitles, isFitAeTitle } from '../../support/instances/ae-title-kinds.ts'
import { runCommand } from '../../support/programs/run-command.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const SEED = 20_261_130
const TITLES = aeTitles(SEED, 60)
const ADDRESS = '10.0.0.9'

let folder: ReturnType<typeof tempFolder>

beforeAll(() => {
  folder = tempFolder()
  // Shows what a program is given, one argument after the other, whatever is in them.
  writeFileSync(folder.join('ferry'), '#!/bin/sh\nprintf "%s\\0" "$@"\n')
  chmodSync(folder.join('ferry'), 0o755)
})

afterAll(() => folder[Symbol.dispose]())

/** The arguments that bash gives to the program of the command. */
function pasted(command: string): string[] {
  const environment = { PATH: `${folder.path}:/usr/bin:/bin`, HOME: '/nowhere', LC_ALL: 'C' }
  const { stdout, status } = spawnSync('bash', ['-c', command], { env: environment, encoding: 'latin1' })
  expect(status).toBe(0)
  return stdout.split('\0').slice(0, -1)
}

const adviceFor = (callingAeTitle: string): string =>
  deviceProblemText(
    {
      state: callingAeTitle === '' ? 'unnamed' : 'pending',
      callingAeTitle,
      calledAeTitle: 'FERRY',
      peerAddress: ADDRESS,
      problem: { kind: 'unknown', detail: '', at: 0 },
    },
    speak('en'),
    'en',
  ).todo

/** The command in an advice: up to the next clause. */
function commandIn(advice: string, verb: string): string | undefined {
  const start = advice.indexOf(`ferry devices ${verb}`)
  if (start < 0) return undefined
  const end = verb === 'approve' ? advice.lastIndexOf('; if not: ferry') : advice.length
  return advice.slice(start, end)
}

const FIT = TITLES.filter(isFitAeTitle)
const UNFIT = TITLES.filter((title) => !isFitAeTitle(title))

test(`each command that is printed for a device names exactly that device when bash has read it (seed ${SEED})`, () => {
  expect([FIT.length, UNFIT.length].every((count) => count > 20)).toBe(true)
  for (const title of TITLES) {
    const ignored = pasted(commandIn(adviceFor(title), 'ignore') ?? '').filter((one) => one !== '--')
    expect(ignored).toEqual(['devices', 'ignore', expect.anything()])
    expect(parseCaller(ignored[2] ?? '')).toEqual({ aeTitle: title, address: ADDRESS })
  }
  for (const title of FIT) {
    const [devices, verb, ...rest] = pasted(commandIn(adviceFor(title), 'approve') ?? '')
    const words = rest.filter((one, i) => one !== '--address' && rest[i - 1] !== '--address')
    expect([devices, verb, parseAeTitle(words.at(-1) ?? '')]).toEqual(['devices', 'approve', title])
    expect(rest.slice(rest.indexOf('--address')).slice(0, 2)).toEqual(['--address', ADDRESS])
  }
  for (const title of UNFIT) {
    expect(commandIn(adviceFor(title), 'approve')).toBeUndefined()
    expect(adviceFor(title)).toMatch(/cannot be accepted .*on the device; if it does not belong here/)
  }
}, 60_000)

async function approve(args: readonly string[]) {
  using site = tempFolder()
  writeFileSync(site.join('ferry.yaml'), `dataFolder: agent\n`)
  const result = await runCommand(site.path, args)
  return { ...result, devices: loadAgentSettings(site.join('ferry.yaml'), 'en').devices }
}

test('a device is let in under each AE title that is allowed, by the printed command, and not under any other', async () => {
  for (const title of FIT) {
    expect(await approve(pasted(commandIn(adviceFor(title), 'approve') ?? ''))).toMatchObject({
      exitCode: 0,
      out: `${title} is accepted.\n`,
      err: expect.stringContaining('Written to'),
      devices: [{ name: title, aeTitle: title, addresses: [ADDRESS] }],
    })
  }
  for (const title of UNFIT) {
    const err = expect.stringContaining('cannot be accepted')
    expect(await approve(['devices', 'approve', '--', title])).toEqual({
      exitCode: 2,
      out: '',
      err,
      devices: [],
    })
  }
}, 120_000)

test('a word means the same to cmd.exe and PowerShell, or is written in hex', () => {
  for (const title of TITLES) {
    const word = callerWord({ aeTitle: title, address: ADDRESS }, 'windows')
    expect(word).toMatch(/^([A-Za-z0-9_][A-Za-z0-9_.:@/-]*|"[^$`"!%\P{ASCII}\p{Cc}]*")$/u)
    expect(parseCaller(word.replace(/^"(.*)"$/, '$1'))).toEqual({ aeTitle: title, address: ADDRESS })
  }
  expect(shellWord('CT ROOM 1', 'windows')).toBe('"CT ROOM 1"')
  expect(shellWord('CT$1', 'windows')).toBeUndefined()
  expect(shellWord('CT$1', 'posix')).toBe(`'CT$1'`)
})

test('a plain AE title is printed as it is', () => {
  const caller = { aeTitle: 'CT1', address: undefined }
  expect(deviceCommand('approve', caller, '--address 10.0.0.9')).toBe(
    'ferry devices approve CT1 --address 10.0.0.9',
  )
  expect(deviceCommand('ignore', { aeTitle: '', address: ADDRESS })).toBe(`ferry devices ignore '@10.0.0.9'`)
})

test.each([
  ['', 'blank'],
  ['   ', 'blank'],
  ['A\tB', 'control'],
  ['A\\B', 'backslash'],
  ['CT\xe9', 'foreign'],
  ['A'.repeat(17), 'long'],
  ['A'.repeat(16), undefined],
])('the AE title %j has the fault %s', (title, fault) => {
  expect(aeTitleFault(title)).toBe(fault)
})
