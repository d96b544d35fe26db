import { expect, test } from '@jest/globals'
import { AgentShares } from '../../src/center/opening/agent-shares.ts'
import { AgentTurns } from '../../src/center/opening/agent-turns.ts'
import { RecordBudget } from '../../src/center/receipts/record-budget.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'

const HOUR_MS = 3_600_000

test('waiting work is taken from the agents in turn, and in the order of each agent', () => {
  const turns = new AgentTurns<number>()
  for (const item of [1, 2, 3, 4]) turns.push('flooding', item)
  turns.push('other', 10)
  turns.push('third', 20)
  turns.push('other', 11)

  const taken = Array.from({ length: 8 }, () => turns.shift(() => true)?.item)

  expect(taken).toEqual([1, 10, 20, 2, 11, 3, 4, undefined])
})

test('an agent that may not have more is passed over and keeps its turn', () => {
  const turns = new AgentTurns<number>()
  turns.push('first', 1)
  turns.push('second', 2)

  expect(turns.shift((agent) => agent !== 'first')).toEqual({ agent: 'second', item: 2 })
  expect(turns.shift((agent) => agent !== 'first')).toBeUndefined()
  expect(turns.shift(() => true)).toEqual({ agent: 'first', item: 1 })
})

test('one agent at its share is told to wait, others are not, and a place that is given back is free', () => {
  const shares = new AgentShares(2)
  const [first] = [shares.enter('a', 'trying'), shares.enter('a', 'trying')]

  expect(() => shares.enter('a', 'trying')).toThrow(expect.objectContaining({ code: 'CENTER_BUSY' }))
  shares.enter('b', 'trying')
  first?.[Symbol.dispose]()
  shares.enter('a', 'trying')
})

test('a budget that is used up comes back with the time, and never grows beyond its hour', () => {
  const clock = new ManualClock()
  const budget = new RecordBudget(1000, clock)
  clock.advance(10 * HOUR_MS)
  budget.charge('a', 1500)
  clock.advance(0.5 * HOUR_MS)
  expect(() => budget.check('a', 'trying')).toThrow(expect.objectContaining({ code: 'CENTER_BUSY' }))
  budget.check('b', 'trying')
  clock.advance(0.1 * HOUR_MS)
  budget.check('a', 'trying')
  budget.charge('a', 100)
  expect(() => budget.check('a', 'trying')).toThrow(expect.objectContaining({ code: 'CENTER_BUSY' }))
})
