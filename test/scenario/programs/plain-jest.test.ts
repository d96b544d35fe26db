import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { tempFolder } from '../../support/temp-folder.ts'

const JEST = join(createRequire(import.meta.url).resolve('jest/package.json'), '../bin/jest.js')
const IMPORTS = "import { expect, test } from '@jest/globals'\n"

interface Judged {
  fullName: string
  status: string
  invocations: number
}

/** Runs files by the jest of this repository, in their order and in one process; returns each test's status by its name. */
function judge(files: Readonly<Record<string, string>>): {
  statuses: Record<string, string>
  output: string
} {
  using folder = tempFolder()
  const { path } = folder
  mkdirSync(join(path, 'faults'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }')
  const order = join(path, 'by-name.cjs')
  writeFileSync(
    order,
    'module.exports = class { shard(t) { return t } sort(t) { return t.toSorted((a, b) => a.path < b.path ? -1 : 1) } cacheResults() {} allFailedTests(t) { return t } }',
  )
  const ours = resolve('test/support/jest')
  const config = {
    rootDir: path,
    testMatch: ['**/*.test.ts'],
    moduleFileExtensions: ['js', 'ts', 'cjs'],
    testEnvironment: join(ours, 'plain-environment.js'),
    runtime: join(ours, 'plain-runtime.js'),
    setupFilesAfterEnv: [join(ours, 'second-try.ts')],
    reporters: ['default', join(ours, 'closing-line-reporter.js')],
    testSequencer: order,
  }
  const results = join(path, 'results.json')
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [JEST, '--config', JSON.stringify(config), '--runInBand', '--json', '--outputFile', results],
    { encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '0' } },
  )
  const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as {
    testResults: { name: string; status: string; assertionResults: Judged[] }[]
  }
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const broken = testResults.filter(({ assertionResults }) => assertionResults.length === 0)
  return {
    statuses: Object.fromEntries([
      ...tests.map(({ fullName, status, invocations }) => [fullName, `${status} ${invocations}`] as const),
      ...broken.map(({ name, status }) => [name.slice(path.length + 1), status] as const),
    ]),
    output: `${stdout}\n${stderr}`,
  }
}

/** A test that changes the process, and first looks whether another one has. */
const changing = (name: string): string => `${IMPORTS}
  import { loads } from './counted.ts'
  test('${name}', () => {
    expect([process.env['FERRY_LEFT'], process.env['HOME']]).toEqual([undefined, ${JSON.stringify(process.env['HOME'])}])
    expect(process.cwd()).not.toBe('/')
    expect(process.listenerCount('SIGUSR2')).toBe(0)
    expect(loads()).toBe(1)
    process.env['FERRY_LEFT'] = 'here'
    delete process.env['HOME']
    process.chdir('/')
    process.on('SIGUSR2', () => {})
  })`

/** A test that passes when it is tried again. */
const trying = (name: string): string => `${IMPORTS}
  let tries = 0
  test('${name}', () => expect(++tries).toBe(2))`

test('a failure, a time-out, a lost rejection and a file that cannot be loaded each fail the run, and nothing else does', () => {
  const { statuses, output } = judge({
    'bad.test.ts': "import { nothing } from './not-there.ts'\nnothing()\n",
    'some.test.ts': `${IMPORTS}
      test('passes', () => expect(1 as number).toBe(1))
      test.each([1, 2])('passes with %s', (n: number) => expect(n).toBeGreaterThan(0))
      test('fails', () => expect(1).toBe(2))
      test('takes too long', () => new Promise<void>(() => {}), 20)
      test('loses an error', async () => {
        void Promise.reject(new Error('lost'))
        await new Promise((resolve) => setTimeout(resolve, 20))
      })
      test.skip('is skipped', () => {})`,
  })
  expect(statuses).toEqual({
    'bad.test.ts': 'failed',
    passes: 'passed 1',
    'passes with 1': 'passed 1',
    'passes with 2': 'passed 1',
    fails: 'failed 1',
    'takes too long': 'failed 1',
    'loses an error': 'failed 1',
    'is skipped': 'pending 1',
  })
  expect(output).toContain('jest: 3 passed, 4 failed, 1 skipped')
})

test('a test file finds the variables, the folder and the listeners of the process as they were, and modules in memory', () => {
  const { statuses } = judge({
    'counted.ts': `
      const counter = globalThis as { loads?: number }
      counter.loads = (counter.loads ?? 0) + 1
      export const loads = (): number | undefined => counter.loads`,
    'first.test.ts': changing('first'),
    'second.test.ts': changing('second'),
  })
  expect(statuses).toEqual({ first: 'passed 1', second: 'passed 1' })
})

test('only a test under faults gets a second try, in each file', () => {
  const { statuses, output } = judge({
    'faults/first.test.ts': trying('first'),
    'faults/second.test.ts': trying('second'),
    'third.test.ts': trying('third'),
  })
  expect(statuses).toEqual({ first: 'passed 2', second: 'passed 2', third: 'failed 1' })
  expect(output).toContain('jest: 2 passed, 1 failed, 2 second tries')
})
