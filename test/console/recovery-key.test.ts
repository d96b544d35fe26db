import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parseIdentity } from '../../src/age/x25519-keys.ts'
import { readCenterKeys } from '../../src/center/keys/center-keys.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const INIT = ['init', '--name', 'Center', '--public-url', 'https://localhost:8443']
const TO_FILE = ['--recovery-key', 'recovery-key.txt']
const SECRET = /AGE-SECRET-KEY-1\w+/

const initIn = (folder: string, args: readonly string[], isTerminal = false) =>
  runCommand(folder, [...INIT, ...args], { program: ferryCenterProgram, isTerminal })

test('the recovery key of a new center is written to a file that only its owner reads, and to no other place', async () => {
  for (const args of [TO_FILE, [...TO_FILE, '--json']]) {
    using folder = tempFolder()
    const { exitCode, out, err } = await initIn(folder.path, args)
    expect([exitCode, SECRET.test(out + err)]).toEqual([0, false])
    const path = folder.join('recovery-key.txt')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const [identity = ''] = SECRET.exec(readFileSync(path, 'utf8')) ?? []
    const { recovery } = await readCenterKeys(folder.join('center-data'), Date.now())
    expect([parseIdentity(identity).recipient.text]).toEqual(recovery)
    const others = readdirSync(folder.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'recovery-key.txt')
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    expect(others.filter((text) => text.includes(identity))).toEqual([])
    expect(others.length).toBeGreaterThan(1)
  }
})

test('a recovery key file that is there already stays as it is, and no center is made', async () => {
  using folder = tempFolder()
  writeFileSync(folder.join('recovery-key.txt'), 'another')
  expect(await initIn(folder.path, TO_FILE)).toMatchObject({ exitCode: 1 })
  expect(readFileSync(folder.join('recovery-key.txt'), 'utf8')).toBe('another')
  expect(existsSync(folder.join('center.yaml'))).toBe(false)
  expect(existsSync(folder.join('center-data/keys/0001.json'))).toBe(false)
})

test('no center is made if its recovery key would go to redirected output or JSON', async () => {
  for (const [args, isTerminal] of [
    [[], false],
    [['--json'], true],
  ] as const) {
    using folder = tempFolder()
    const { exitCode, out, err } = await initIn(folder.path, args, isTerminal)
    expect([exitCode, SECRET.test(out + err)]).toEqual([2, false])
    expect(err).toContain('--recovery-key')
    expect(readdirSync(folder.path)).toEqual([])
  }
})

test('on a terminal the recovery key of a new center is shown once', async () => {
  using folder = tempFolder()
  const { exitCode, out } = await initIn(folder.path, [], true)
  expect([exitCode, out]).toEqual([0, expect.stringMatching(/^AGE-SECRET-KEY-1\w+\n$/)])
})
