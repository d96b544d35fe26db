import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { ferryProgram } from '../../src/console/program/ferry-program.ts'
import { PROPOSED, withConfig } from '../../src/console/program/pasteable-terminal.ts'
import type { BuildProgram } from '../../src/console/program/run-program.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** The arguments that sh gives to `ferry` if the command is pasted. */
function pasted(command: string): string[] {
  using folder = tempFolder()
  writeFileSync(folder.join('ferry'), '#!/bin/sh\nprintf "%s\\0" "$@"\n')
  chmodSync(folder.join('ferry'), 0o755)
  const env = { PATH: `${folder.path}:/usr/bin:/bin` }
  const { stdout } = spawnSync('sh', ['-c', command], { env, encoding: 'utf8' })
  return stdout.split('\0').slice(0, -1)
}

const PATHS = [
  '/etc/ferry/ferry.yaml',
  '/data/影像 科/前置机.yaml',
  '/a/it\'s $HOME `x` "y" \\z;#.yaml',
  '/-x/*?.yaml',
]

const shells = process.platform === 'win32' ? describe.skip : describe

shells('sh', () => {
  test.each(PATHS)('is given the file %s by a printed command', (path) => {
    const text =
      'if it belongs here: ferry devices approve CT1 --address 10.0.0.9; if not: ferry devices ignore CT1'
    const [, approve, ignore] = /here: (.*); if not: (.*)/s.exec(withConfig(text, 'ferry', path)) ?? []
    const config = ['--config', path, 'devices']
    expect(pasted(approve ?? '')).toEqual([...config, 'approve', 'CT1', '--address', '10.0.0.9'])
    expect(pasted(ignore ?? '')).toEqual([...config, 'ignore', 'CT1'])
  })
})

const onWindows = (path: string): string => withConfig('run ferry retry', 'ferry', path, 'windows')

test('cmd.exe is given double quotes', () => {
  expect(onWindows(String.raw`C:\Ferry\ferry.yaml`)).toBe(
    String.raw`run ferry --config C:\Ferry\ferry.yaml retry`,
  )
  expect(onWindows(String.raw`D:\影像 科\a&b.yaml`)).toBe(
    String.raw`run ferry --config "D:\影像 科\a&b.yaml" retry`,
  )
})

test('only commands of the program itself are changed', () => {
  const text = 'ferry, ferry.yaml, /etc/ferry run, ferry-center retry, ferry commands and Ferry run'
  expect(withConfig(text, 'ferry', '/x')).toBe(text)
  expect(withConfig('ferry-center retry, ferry retry', 'ferry-center', '/x')).toBe(
    'ferry-center --config /x retry, ferry retry',
  )
})

test('a command names the file of --config only if it would not be found without', async () => {
  using folder = tempFolder()
  mkdirSync(folder.join('影像 科'))
  await runCommand(folder.path, ['--config', '影像 科/前置机.yaml', 'init'])
  await runCommand(folder.path, ['init'])
  const status = (...args: string[]): Promise<{ out: string; err: string }> =>
    runCommand(folder.path, [...args, 'status'])
  const [named, usual, bare] = [
    await status('--config', '影像 科/前置机.yaml'),
    await status('--config', 'ferry.yaml'),
    await status(),
  ]
  expect(named.err).toContain(`ferry --config '${folder.join('影像 科/前置机.yaml')}' run`)
  expect(usual.err).toMatch(/ferry run/)
  expect(usual.err).toBe(bare.err)
  const json = await runCommand(folder.path, ['--config', '影像 科/前置机.yaml', 'status', '--json'])
  expect(json.err).not.toContain("--config '")
})

test.each<[keyof typeof PROPOSED, BuildProgram]>([
  ['ferry', ferryProgram],
  ['ferry-center', ferryCenterProgram],
])('every command of %s is known to what makes commands pasteable', async (name, build) => {
  let commands: string[] = []
  using folder = tempFolder()
  await runCommand(folder.path, ['--version'], {
    program: async (session) => {
      const program = await build(session, [])
      commands = program.commands.map((command) => command.name())
      return program
    },
  })
  expect(commands.length).toBeGreaterThan(10)
  const withoutFile = ['completion', 'help', 'version']
  expect(commands.filter((command) => !withoutFile.includes(command)).toSorted()).toEqual(
    [...PROPOSED[name]].toSorted(),
  )
})
