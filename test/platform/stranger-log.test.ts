import { expect, test } from '@jest/globals'
import { StrangerLog } from '../../src/platform/http/stranger-log.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { RecordingLog } from '../support/recording-log.ts'

const MINUTE_MS = 60_000

function open() {
  const [log, clock] = [new RecordingLog(), new ManualClock()]
  return { log, clock, strangers: new StrangerLog(log, clock) }
}

test('the first of each kind and address is written at once, the others are counted each minute', () => {
  const { log, clock, strangers } = open()
  for (let i = 0; i < 1000; i++) strangers.warn('refused', '192.0.2.1', { code: 'X' })
  strangers.warn('refused', '192.0.2.2')
  strangers.warn('malformed', '192.0.2.1')
  expect(log.lines).toHaveLength(3)
  clock.advance(MINUTE_MS)
  expect(log.lines.slice(3)).toEqual([
    { level: 'warn', message: 'refused', fields: { peerAddress: '192.0.2.1', moreInTheLastMinute: 999 } },
  ])
})

test('a stranger that goes on is logged once a minute, and one that comes back later at once', () => {
  const { log, clock, strangers } = open()
  strangers.warn('refused', '192.0.2.1')
  strangers.warn('refused', '192.0.2.1')
  clock.advance(MINUTE_MS)
  strangers.warn('refused', '192.0.2.1')
  expect(log.lines).toHaveLength(2)
  clock.advance(MINUTE_MS)
  expect(log.lines).toHaveLength(3)
  clock.advance(MINUTE_MS)
  strangers.warn('refused', '192.0.2.1')
  expect(log.lines).toHaveLength(4)
  expect(log.lines[3]?.fields).toEqual({ peerAddress: '192.0.2.1' })
})

test('a hundred thousand addresses do not fill the log, and each attempt is counted', () => {
  const { log, clock, strangers } = open()
  for (let i = 0; i < 100_000; i++) strangers.warn('refused', `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  expect(log.lines.length).toBeLessThanOrEqual(101)
  clock.advance(MINUTE_MS)
  const counted = log.lines.slice(101).map(({ fields }) => fields)
  expect(counted).toEqual([{ peerAddress: 'others', moreInTheLastMinute: 100_000 - 101 }])
  expect(clock.nextTimerMs).toBeDefined()
  clock.advance(2 * MINUTE_MS)
  expect(clock.nextTimerMs).toBeUndefined()
})
