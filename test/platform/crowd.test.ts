import { expect, test } from '@jest/globals'
import { Crowd, type Place } from '../../src/platform/http/crowd.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'

const GRACE_MS = 2000

function crowdOf(limit: number, limitPerGroup: number) {
  const clock = new ManualClock()
  const crowd = new Crowd({ limit, limitPerGroup, graceMs: GRACE_MS }, clock)
  const closed: string[] = []
  const enter = (group: string, name = group): Place | undefined =>
    crowd.enter(group, () => closed.push(name))
  return { clock, crowd, closed, enter }
}

test('a full crowd takes the place of the oldest connection of the most crowded address', () => {
  const { crowd, closed, enter } = crowdOf(4, 4)
  for (const name of ['a1', 'a2', 'a3']) enter('a', name)
  enter('b')
  expect(enter('c')).toBeDefined()
  expect(closed).toEqual(['a1'])
  expect(crowd.size).toBe(4)
})

test('an address that has its share takes no place from others, and from itself only what is old', () => {
  const { clock, closed, enter } = crowdOf(10, 2)
  enter('a', 'a1')
  enter('a', 'a2')
  enter('b')
  expect(enter('a', 'a3')).toBeUndefined()
  clock.advance(GRACE_MS)
  expect(enter('a', 'a3')).toBeDefined()
  expect(closed).toEqual(['a1'])
})

test('among addresses of one connection each, the oldest gives way once it is old', () => {
  const { clock, closed, enter } = crowdOf(3, 3)
  for (const name of ['a', 'b', 'c']) enter(name)
  expect(enter('d')).toBeUndefined()
  clock.advance(GRACE_MS)
  expect(enter('d')).toBeDefined()
  expect(closed).toEqual(['a'])
})

test('a place that is given back twice is free once', () => {
  const { crowd, enter } = crowdOf(2, 2)
  const place = enter('a')
  enter('a')
  place?.leave()
  place?.leave()
  expect(crowd.size).toBe(1)
  expect(enter('a')).toBeDefined()
  expect(enter('a')).toBeUndefined()
})
