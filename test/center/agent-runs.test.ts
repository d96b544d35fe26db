import { expect, test } from '@jest/globals'
import { AgentRuns } from '../../src/center/register/agent-runs.ts'
import type { Agent } from '../../src/center/register/register.ts'
import { silentLog } from '../../src/platform/log.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'

const MINUTE_MS = 60_000
const AGENT = { kid: 'k', state: 'approved', name: 'North' } as Agent

/** Hears runs, named by letters, at minutes; returns the minutes at which the agent was found to be cloned. */
async function heard(...asks: readonly (readonly [minute: number, run: string])[]): Promise<number[]> {
  const clock = new ManualClock()
  const found: number[] = []
  const minute = (): number => clock.monotonicMs() / MINUTE_MS
  const runs = new AgentRuns({ cloned: async () => void found.push(minute()) }, clock, silentLog)
  for (const [at, run] of asks) {
    clock.advance((at - minute()) * MINUTE_MS)
    await runs.heard(AGENT, run.repeat(32))
  }
  return found
}

test('two runs that are heard in turns are two machines', async () => {
  expect(await heard([0, 'a'], [2, 'b'], [5, 'a'], [7, 'b'])).toEqual([7])
  expect(await heard([0, 'a'], [0.1, 'b'], [5, 'a'], [5.1, 'b'], [10, 'a'])).toEqual([5.1, 10])
  expect(await heard([0, 'a'], [2, 'b'], [5, 'c'], [6, 'a'], [7, 'b'], [8, 'c'])).toEqual([7, 8])
})

test('an agent that is started again and again is one machine', async () => {
  const starts = Array.from('abcdef0123456789', (run, i) => [5 * i, run] as const)
  expect(await heard(...starts)).toEqual([])
})

test('a request that comes late from a process that has ended counts for nothing', async () => {
  expect(await heard([0, 'a'], [5, 'b'], [5.5, 'a'], [10, 'b'], [15, 'b'])).toEqual([])
})

test('a virtual machine that is set back to a snapshot of its memory is one machine', async () => {
  expect(await heard([0, 'a'], [5, 'b'], [10, 'b'], [15, 'a'], [20, 'a'])).toEqual([])
  expect(await heard([0, 'a'], [5, 'b'], [15, 'a'], [100, 'b'], [200, 'a'])).toEqual([])
})

test('only running agents that the center has let in are looked at', async () => {
  const clock = new ManualClock()
  let found = 0
  const runs = new AgentRuns({ cloned: async () => void found++ }, clock, silentLog)
  const ask = async (agent: Agent, asked: unknown): Promise<void> => {
    clock.advance(2 * MINUTE_MS)
    await runs.heard(agent, asked)
  }
  const [a, b] = ['a'.repeat(32), 'b'.repeat(32)]
  for (const run of [a, b, undefined, a, 'nonsense', b, ['x']]) await ask({ ...AGENT, state: 'pending' }, run)
  expect(found).toBe(0)
  for (const run of [a, b, undefined, a, 'nonsense', b]) await ask(AGENT, run)
  expect(found).toBe(1)
})
