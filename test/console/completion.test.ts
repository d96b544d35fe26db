import { spawnSync } from 'node:child_process'
import { expect, test } from '@jest/globals'
import { Command } from 'commander'
import { commandTree } from '../../src/console/completion/command-tree.ts'
import { completionScript } from '../../src/console/completion/completion-script.ts'
import { ferryCenterProgram } from '../../src/console/program/ferry-center-program.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Asks a real bash what it would offer after these words. */
function completed(script: string, ...words: string[]): string[] {
  const program = words[0] ?? ''
  const ask = `${script}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    _${program.replaceAll('-', '_')}; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr, status } = spawnSync('bash', ['-c', ask], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  return stdout.split('\n').filter((line) => line !== '')
}

test('bash completes commands, their commands and their options, and nothing in other places', async () => {
  using folder = tempFolder()
  const { out: script } = await runCommand(folder.path, ['completion', 'bash'])
  expect(completed(script, 'ferry', 'st')).toEqual(['status', 'steps', 'study'])
  expect(completed(script, 'ferry', 'config', '')).toEqual(['check', 'schema', '--help'])
  expect(completed(script, 'ferry', '--lang', 'zh', 'devices', 'approve', '--na')).toEqual(['--name'])
  expect(completed(script, 'ferry', 'nonsense', '--conf')).toEqual(['--config'])
  const center = await runCommand(folder.path, ['completion', 'bash'], { program: ferryCenterProgram })
  expect(completed(center.out, 'ferry-center', 'inv')).toEqual(['invite'])
})

test('another shell than the three is refused with their names', async () => {
  using folder = tempFolder()
  const { exitCode, err } = await runCommand(folder.path, ['completion', 'csh'])
  expect([exitCode, err]).toEqual([2, expect.stringContaining('bash, zsh, fish')])
})

test('quotes in a description end no string of a script, and a hidden command is not offered', () => {
  const program = new Command('ferry').description("the center's door")
  program.command('one').description(String.raw`it's \ here`)
  program.command('two', { hidden: true })
  const tree = commandTree(program)
  expect(completed(completionScript('bash', tree), 'ferry', '')).toEqual(['one', '--help'])
  expect(completionScript('zsh', tree)).toContain(String.raw`'one:it'\''s \ here'`)
  expect(completionScript('fish', tree)).toContain(String.raw`-d 'it\'s \\ here'`)
})
