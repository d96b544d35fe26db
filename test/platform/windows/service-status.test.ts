import { expect, test } from '@jest/globals'
import { ServiceStatus, type StatusReport } from '../../../src/platform/windows/service-status.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'

const STOP = 1
const INTERROGATE = 4
const PAUSE = 2

function begin(): {
  status: ServiceStatus
  clock: ManualClock
  reports: StatusReport[]
  stops: () => number
} {
  const clock = new ManualClock()
  const reports: StatusReport[] = []
  let stops = 0
  const status = new ServiceStatus({
    clock,
    report: (report) => reports.push(report),
    stop: () => {
      stops++
    },
  })
  return { status, clock, reports, stops: () => stops }
}

const statesOf = (reports: readonly StatusReport[]): string =>
  reports.map(({ state, checkPoint }) => `${state}:${checkPoint}`).join(' ')

test('a start that takes long is reported again with a higher checkpoint, until the service runs', () => {
  const { status, clock, reports } = begin()
  clock.advance(11_000)
  status.running()
  clock.advance(60_000)
  expect(statesOf(reports)).toBe('2:1 2:2 2:3 4:0')
  expect(reports.at(-1)).toMatchObject({ controlsAccepted: 0x105, exitCode: 0, waitHintMs: 0 })
})

test.each([
  ['SERVICE_CONTROL_STOP', STOP],
  ['SERVICE_CONTROL_SHUTDOWN', 5],
  ['SERVICE_CONTROL_PRESHUTDOWN', 15],
])('%s ends the work once, and the end is pending until the work has ended', (_, code) => {
  const { status, clock, reports, stops } = begin()
  status.running()
  expect([status.control(code), status.control(code), stops()]).toEqual([0, 0, 1])
  clock.advance(6000)
  status.stopped(0)
  clock.advance(60_000)
  expect(statesOf(reports)).toBe('2:1 4:0 3:1 3:2 1:0')
  expect(reports.at(-1)).toMatchObject({ exitCode: 0, specificExitCode: 0 })
})

test('a service that is stopped while it starts does not report that it runs', () => {
  const { status, reports, stops } = begin()
  status.control(STOP)
  status.running()
  status.stopped(0)
  expect([statesOf(reports), stops()]).toEqual(['2:1 3:1 1:0', 1])
})

test('a failed start ends with an exit code of the service itself, and nothing is reported after that', () => {
  const { status, clock, reports, stops } = begin()
  status.stopped(78)
  status.stopped(0)
  expect(status.control(STOP)).toBe(0)
  clock.advance(60_000)
  expect(statesOf(reports)).toBe('2:1 1:0')
  expect(reports.at(-1)).toMatchObject({ exitCode: 1066, specificExitCode: 78, controlsAccepted: 0 })
  expect(stops()).toBe(0)
})

test('a control code that the service does not accept changes nothing', () => {
  const { status, reports, stops } = begin()
  status.running()
  expect([status.control(PAUSE), status.control(INTERROGATE), stops()]).toEqual([120, 0, 0])
  expect(statesOf(reports)).toBe('2:1 4:0')
})
