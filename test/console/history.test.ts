import { expect, test } from '@jest/globals'
import { History } from '../../src/agent/history/history.ts'
import { silentLog } from '../../src/platform/log.ts'
import { newUlid } from '../../src/protocol/ulid.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { startFakeAgent } from '../support/peers/fake-agent.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Noon of a day without a change of the clock, so that an hour before and after is the same day. */
const NOON = new Date(2026, 10, 20, 12, 30).getTime()

/** A history of three days: 2 images on the first, 1 an hour ago that got its receipt now, and a caller turned away. */
async function livedHistory(folder: string): Promise<{ history: History; clock: ManualClock }> {
  const clock = new ManualClock(NOON - 2 * DAY_MS)
  const history = await History.open({ folder, clock, log: silentLog })
  history.arrived(1000)
  history.arrived(3000)
  clock.advance(2 * DAY_MS - HOUR_MS)
  history.arrived(500)
  const ulid = newUlid(clock.now())
  clock.advance(HOUR_MS)
  history.confirmed([ulid])
  history.turnedAway()
  history.failed()
  return { history, clock }
}

test('hours and days hold what happened in them, with the mean time to the receipt, also after a restart', async () => {
  using folder = tempFolder()
  const { history, clock } = await livedHistory(folder.path)
  const { hours, days } = history.view()
  expect([hours.length, days.length]).toEqual([24, 30])
  expect(hours.at(-2)).toMatchObject({ images: 1, bytes: 500, confirmed: 0, latencyMs: null })
  expect(hours.at(-1)).toMatchObject({ images: 0, confirmed: 1, latencyMs: HOUR_MS, refused: 1, failures: 1 })
  expect(days.at(-3)).toMatchObject({ images: 2, bytes: 4000 })
  expect(days.at(-1)).toMatchObject({ images: 1, confirmed: 1, latencyMs: HOUR_MS })
  await history[Symbol.asyncDispose]()
  await using again = await History.open({ folder: folder.path, clock, log: silentLog })
  expect(again.view()).toEqual({ now: clock.now(), hours, days })
})

test('ferry history shows the same figures as lines, from the first hour or day in which anything happened', async () => {
  using folder = tempFolder()
  const { history } = await livedHistory(folder.path)
  await using _ = history
  await using agent = await startFakeAgent()
  agent.service.history = () => history.view()
  const hours = await runCommand(agent.path, ['--lang', 'en', 'history'])
  expect([hours.exitCode, hours.err]).toEqual([0, ''])
  expect(
    hours.out
      .trim()
      .split('\n')
      .map((line) => line.split(/  +/)),
  ).toEqual([
    ['TIME', 'IMAGES', 'SIZE', 'CONFIRMED', 'TO RECEIPT', 'TURNED AWAY', 'FAILED REQUESTS'],
    ['11:00', '1', '500 B', '0', '–', '0', '0'],
    ['12:00', '0', '0 B', '1', '1 h', '1', '1'],
    ['all', '1', '500 B', '1', '1 h', '1', '1'],
  ])
  const days = await runCommand(agent.path, ['--lang', 'zh', 'history', '--days'])
  expect(days.out).toMatch(/^时间 .*收到/)
  expect(days.out.trim().split('\n')).toHaveLength(5)
  expect(days.out).toMatch(/合计 +3 +4\.4 KiB/)
  const { out } = await runCommand(agent.path, ['history', '--json'])
  expect(JSON.parse(out)).toMatchObject({ ...history.view() })
})

test('ferry history says so if nothing happened', async () => {
  using folder = tempFolder()
  await using history = await History.open({
    folder: folder.path,
    clock: new ManualClock(NOON),
    log: silentLog,
  })
  await using agent = await startFakeAgent()
  agent.service.history = () => history.view()
  const { out } = await runCommand(agent.path, ['--lang', 'en', 'history', '--days'])
  expect(out.trim()).toBe('In this time nothing came in, and no request failed.')
})
