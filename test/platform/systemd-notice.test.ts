import { expect, test } from '@jest/globals'
import { SystemdNotice } from '../../src/platform/systemd-notice.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../support/clocks/pass-time.ts'
import { RecordingLog } from '../support/recording-log.ts'

const WORDS = {
  started: () => 'started',
  working: (state: string) => state,
  failing: (reason: string) => `failing: ${reason}`,
  restarting: () => 'starting again',
  stopping: () => 'stopping',
}
const DEADLINE_MS = 90_000

test('without the socket of a service manager nothing is told and nothing is checked', async () => {
  let checks = 0
  const [clock, log] = [new ManualClock(), new RecordingLog()]
  const { signal } = new AbortController()
  const notice = new SystemdNotice({ environment: {}, words: WORDS, clock, log, signal })
  await using _ = await notice.ready(async () => String(++checks))
  clock.advance(10 * DEADLINE_MS)
  expect(checks).toBe(0)
  expect(log.lines).toEqual([])
})

test('a missing systemd-notify is logged once', async () => {
  const [clock, log] = [new ManualClock(), new RecordingLog()]
  const { signal } = new AbortController()
  const environment = { NOTIFY_SOCKET: '/nowhere', PATH: '/nowhere', WATCHDOG_USEC: '3000000' }
  const notice = new SystemdNotice({ environment, words: WORDS, clock, log, signal })
  await using _ = await notice.ready(async () => 'well')
  await passTimeUntil(
    clock,
    () => clock.monotonicMs(),
    (ms) => ms >= 3000,
  )
  expect(log.lines.map(({ message }) => message)).toEqual(['systemd cannot be told that the program works'])
})
