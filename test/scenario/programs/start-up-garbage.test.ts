import { execFileSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'

const MODULE = pathToFileURL('src/platform/process/start-up-garbage.ts').href

/** Leaves 40 MB of garbage, and says how much of the heap is used before the timer is due, and after it. */
const PROGRAM = `
  import { mock } from 'node:test'
  mock.timers.enable({ apis: ['setTimeout'] })
  const { collectStartUpGarbage } = await import(${JSON.stringify(MODULE)})
  let garbage = Array.from({ length: 40 }, () => new Array(125_000).fill(0))
  collectStartUpGarbage()
  garbage = undefined
  const used = () => process.memoryUsage().heapUsed
  mock.timers.tick(9_999)
  const before = used()
  mock.timers.tick(1)
  process.stdout.write(JSON.stringify({ before, after: used(), hasFunction: 'gc' in globalThis }))
`

test('garbage of the start is collected ten seconds after it, and the program gets no function for that', () => {
  const program = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', PROGRAM]
  const text = execFileSync(process.execPath, program, { env: { ...process.env, NODE_OPTIONS: '' } })
  const { before, after, hasFunction } = JSON.parse(text.toString('utf8')) as Record<string, unknown>
  expect(Number(before) - Number(after)).toBeGreaterThan(30e6)
  expect(hasFunction).toBe(false)
})
