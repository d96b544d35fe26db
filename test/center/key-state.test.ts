import { expect, test } from '@jest/globals'
import { type KeySpan, keyState } from '../../src/center/keys/key-state.ts'

const day = (number: number): string => new Date(Date.UTC(2026, 0, number)).toISOString()
const at = (since: number, until: number | null = null): KeySpan => ({
  since: day(since),
  until: until === null ? null : day(until),
})

test.each<[string, number, KeySpan[], string]>([
  ['the last one whose day has come is in use', 10, [at(1), at(5), at(20)], 'retired inUse announced'],
  ['one is in use on its own day', 20, [at(1), at(5), at(20)], 'retired retired inUse'],
  ['a clock of long ago selects the oldest', -9999, [at(1), at(5), at(20)], 'inUse announced announced'],
  ['a revoked one never counts', 30, [at(1, 2), at(5), at(20, 21)], 'revoked inUse revoked'],
  ['a revoked one does not count on a day before its revocation', 4, [at(1, 9), at(5)], 'revoked inUse'],
  ['one made in haste overtakes an announced one', 10, [at(1), at(11), at(10)], 'retired retired inUse'],
  ['one made in haste keeps its place', 12, [at(1), at(11), at(10)], 'retired retired inUse'],
  ['one of a clock in the future gives way', 10, [at(1), at(9999), at(9)], 'retired retired inUse'],
  [
    'one of a clock in the future gives way for good',
    10_000,
    [at(1), at(9999), at(9)],
    'retired retired inUse',
  ],
])('among several keys %s', (_, today, keys, states) => {
  const nowMs = Date.parse(day(today))
  expect(keys.map((key) => keyState(key, keys, nowMs)).join(' ')).toBe(states)
})
