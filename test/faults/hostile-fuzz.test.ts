import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@jest/globals'
import { seedOfRun } from '../support/random.ts'
import { FUZZ_CASES } from './fault-sizes.ts'
import { readCase, writeCase } from './support/hostile-case.ts'
import { readAnswers, wholeStores } from './support/hostile-reference.ts'
import type { Defect } from './support/hostile-sink.ts'
import type { FuzzReport } from './support/run-hostile-fuzz.ts'

/** A run can be had again: FERRY_SEED is printed with its result. */
const SEED = seedOfRun()
const CONTROL_CASES = 2000
const PROGRAM = join(import.meta.dirname, 'support/run-hostile-fuzz.ts')
const CORPUS = join(import.meta.dirname, 'corpus')
/** Ten times what a quiet machine of two cores needs. */
const TIMEOUT_MS = 120_000 + FUZZ_CASES * 4

/** Runs the fuzzer as a process of its own, so that its memory, and its death, can be seen. */
async function fuzz(cases: number, seed: number, defect?: Defect): Promise<Partial<FuzzReport>> {
  const planted = defect === undefined ? [] : [defect]
  const child = spawn(process.execPath, ['--expose-gc', PROGRAM, `${cases}`, `${seed}`, ...planted], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '--disable-warning=ExperimentalWarning' },
  })
  const gone = once(child, 'exit')
  let last = '{}'
  for await (const line of createInterface({ input: child.stdout })) last = line
  await gone
  return JSON.parse(last) as Partial<FuzzReport>
}

test(
  `${FUZZ_CASES} hostile cases: no crash, no hang, no line printed, no false Success, memory flat`,
  async () => {
    const report = await fuzz(FUZZ_CASES, SEED)
    process.stdout.write(`fuzz: ${JSON.stringify(report)}\n`)
    expect(report).not.toHaveProperty('fault')
    const { inMemory = 0, byTcp = 0, parsers = 0, corpus = 0 } = report.cases ?? {}
    expect(inMemory + byTcp + parsers).toBeGreaterThanOrEqual(FUZZ_CASES)
    expect(corpus).toBe(readdirSync(CORPUS).filter((name) => name.endsWith('.case')).length)
    expect(report.honest).toBeGreaterThanOrEqual(Math.floor(FUZZ_CASES / 2000))
    expect(report.growth?.heapMib).toBeLessThan(8)
    expect(report.growth?.rssMib).toBeLessThan(64)
  },
  TIMEOUT_MS,
)

test.each<[Defect, RegExp]>([
  ['throws', /nobody caught TypeError: a planted exception/],
  ['rejects', /nobody caught TypeError: a planted rejection/],
  ['hangs', /a hang/],
  ['spins', /a loop without an end/],
  ['prints', /something was printed: a planted line/],
  ['misreads', /planted: RangeError/],
])('a listener that %s is found', async (defect, words) => {
  expect(await fuzz(CONTROL_CASES, 1, defect)).toMatchObject({ fault: expect.stringMatching(words) })
})

test('a listener that leaks is found', async () => {
  expect((await fuzz(CONTROL_CASES, 1, 'leaks')).growth?.heapMib).toBeGreaterThan(8)
})

test('a listener that loses bytes and says Success is found, with a case that can be stored', async () => {
  const { fault, smallest = '' } = await fuzz(CONTROL_CASES, 1, 'loses')
  expect(fault).toMatch('an instance was kept that was not sent so')
  const stored = readCase(smallest)
  expect(writeCase(stored)).toBe(smallest)
  expect(wholeStores(Buffer.concat(stored.segments))).toHaveLength(1)
})

test.each([
  ['half a PDU', '0400000000', 'half a PDU'],
  ['a response before an acceptance', '040000000006010000000000', 'out of order'],
  ['anything behind an abort', '0700000000040000000007000000000400000000', 'behind one of type 7'],
])('%s in what the listener says is noticed', (_, hex, words) => {
  expect(() => readAnswers(Buffer.from(hex, 'hex'))).toThrow(words)
})
