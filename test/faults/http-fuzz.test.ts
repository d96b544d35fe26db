import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import { seedOfRun } from '../support/random.ts'
import { HTTP_FUZZ_REQUESTS } from './fault-sizes.ts'
import type { HttpDefect } from './support/http-doors.ts'
import type { HttpFuzzReport } from './support/run-http-fuzz.ts'

/** A run can be had again: FERRY_SEED is printed with its result. */
const SEED = seedOfRun()
const CONTROL_REQUESTS = 2000
const PROGRAM = join(import.meta.dirname, 'support/run-http-fuzz.ts')
const TIMEOUT_MS = 180_000 + HTTP_FUZZ_REQUESTS * 12

/** Runs the fuzzer as a process of its own, so that its memory, and its death, can be seen. */
async function fuzz(requests: number, seed: number, defect?: HttpDefect): Promise<Partial<HttpFuzzReport>> {
  const planted = defect === undefined ? [] : [defect]
  const child = spawn(process.execPath, ['--expose-gc', PROGRAM, `${requests}`, `${seed}`, ...planted], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  })
  const gone = once(child, 'exit')
  let last = '{}'
  for await (const line of createInterface({ input: child.stdout })) last = line
  const [exitCode] = (await gone) as [number | null]
  expect(exitCode).toBe(0)
  return JSON.parse(last) as Partial<HttpFuzzReport>
}

test(
  `${HTTP_FUZZ_REQUESTS} hostile requests: no exit, no unhandled error, no 500, honest clients served, memory flat`,
  async () => {
    const report = await fuzz(HTTP_FUZZ_REQUESTS, SEED)
    process.stdout.write(`http fuzz: ${JSON.stringify(report)}\n`)
    expect(report).not.toHaveProperty('fault')
    const { front = 0, page = 0, control = 0 } = report.requests ?? {}
    expect(front + page + control).toBeGreaterThanOrEqual(HTTP_FUZZ_REQUESTS)
    expect(Math.min(front, page, control)).toBeGreaterThan(HTTP_FUZZ_REQUESTS / 5)
    expect(report.honest).toBeGreaterThanOrEqual(Math.floor(HTTP_FUZZ_REQUESTS / 500))
    for (const status of ['200', '400', '401', '404', '405', '421', '431'])
      expect(report.statuses).toHaveProperty(status)
    expect(report.growth?.heapMib).toBeLessThan(16)
    expect(report.growth?.rssMib).toBeLessThan(96)
  },
  TIMEOUT_MS,
)

test.each<[HttpDefect, RegExp]>([
  ['unguarded', /nobody caught TypeError: Invalid URL/],
  ['throws', /logged: control request failed .*a planted exception/],
  ['rejects', /nobody caught TypeError: a planted rejection/],
])('a planted handler that is or does this is found: %s', async (defect, words) => {
  expect((await fuzz(CONTROL_REQUESTS, 1, defect)).fault).toMatch(words)
})
