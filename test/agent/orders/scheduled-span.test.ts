import { expect, test } from '@jest/globals'
import { scheduledSpan } from '../../../src/agent/orders/scheduled-span.ts'

test('a date alone means the whole local day', () => {
  const day = new Date(2026, 11, 1).getTime()
  expect(scheduledSpan('2026-12-01')).toEqual({ fromMs: day, toMs: new Date(2026, 11, 2).getTime() - 1 })
})

test('a time without a zone is local, and with a zone absolute', () => {
  const local = new Date(2026, 11, 1, 8, 30).getTime()
  expect(scheduledSpan('2026-12-01 08:30')).toEqual({ fromMs: local, toMs: local })
  const utc = Date.UTC(2026, 11, 1, 0, 30)
  for (const text of ['2026-12-01T08:30:00+08:00', '2026-12-01T08:30+0800', '2026-12-01T00:30:00Z'])
    expect(scheduledSpan(text)?.fromMs).toBe(utc)
})

test.each(['', '20261201', '2026-02-30', '2026-13-01', '2026-12-01T24:00', '2026-12-01T08:60', 'tomorrow'])(
  'a text that is not a time is not read as one: %j',
  (text) => {
    expect(scheduledSpan(text)).toBeUndefined()
  },
)
