import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { logFolder, systemLogFolder } from '../../src/console/logs/log-place.ts'
import { ManualClock } from '../support/clocks/manual-clock.ts'
import { passTimersUntil } from '../support/clocks/pass-time.ts'
import { runCommand } from '../support/programs/run-command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const entry = (level: string, message: string, hour: number): string =>
  `${JSON.stringify({ level, message, code: 'A B', timestamp: `2026-11-30T${hour}:00:00.000Z` })}\n`

function withLog(): ReturnType<typeof tempFolder> {
  const folder = tempFolder()
  writeFileSync(folder.join('ferry.yaml'), 'log:\n  folder: 日志 log\n')
  mkdirSync(folder.join('日志 log'))
  writeFileSync(folder.join('日志 log/ferry.log.1'), entry('info', 'first', 10))
  writeFileSync(
    folder.join('日志 log/ferry.log'),
    entry('error', 'second', 11) + entry('warn', 'third', 12) + entry('info', 'fourth', 13),
  )
  return folder
}

test('logs shows the lines of all files, the oldest first', async () => {
  using folder = withLog()
  const { exitCode, out } = await runCommand(folder.path, ['logs'])
  expect(exitCode).toBe(0)
  expect(out.split('\n')).toEqual([
    '2026-11-30T10:00:00.000Z INFO  first code="A B"',
    '2026-11-30T11:00:00.000Z ERROR second code="A B"',
    '2026-11-30T12:00:00.000Z WARN  third code="A B"',
    '2026-11-30T13:00:00.000Z INFO  fourth code="A B"',
    '',
  ])
})

test.each([
  [
    ['--level', 'warn'],
    ['second', 'third'],
  ],
  [
    ['--since', '2026-11-30T12:00:00Z'],
    ['third', 'fourth'],
  ],
  [['--lines', '1'], ['fourth']],
])('logs %j leaves the other lines out', async (options, expected) => {
  using folder = withLog()
  const { out } = await runCommand(folder.path, ['logs', '--json', ...options])
  const messages = out
    .trimEnd()
    .split('\n')
    .map((text) => (JSON.parse(text) as { message: string }).message)
  expect(messages).toEqual(expected)
})

test('logs -f shows new lines as they come, until it is stopped', async () => {
  using folder = withLog()
  const stop = new AbortController()
  const clock = new ManualClock()
  const printed = (line: string): void => {
    if (line.includes('fourth')) appendFileSync(folder.join('日志 log/ferry.log'), entry('info', 'fifth', 14))
    if (line.includes('fifth')) stop.abort()
  }
  const running = runCommand(folder.path, ['logs', '-f', '--lines', '1'], {
    signal: stop.signal,
    clock,
    printed,
  })
  await passTimersUntil(clock, () => stop.signal.aborted, 500)
  const { out } = await running
  expect(out).toMatch(/fourth.*\n.*fifth.*\n$/)
  expect(out).not.toContain('third')
})

test('logs says where the log of a program without log files is, in both languages', async () => {
  using folder = tempFolder()
  writeFileSync(folder.join('ferry.yaml'), 'log: {folder: none}\n')
  const [en, zh] = await Promise.all(
    ['en', 'zh'].map((language) =>
      runCommand(folder.path, ['logs'], { environment: { FERRY_LANG: language } }),
    ),
  )
  expect(en?.err).toContain('set log.folder')
  expect(zh?.err).toContain('设置 log.folder')
})

test('only a service without a journal logs to files that the configuration does not name', () => {
  const file = { folder: undefined, maxBytes: 1, files: 1 }
  expect(logFolder(file, {})).toBeUndefined()
  expect(logFolder(file, { FERRY_SERVICE: '1', JOURNAL_STREAM: '8:1' })).toBeUndefined()
  expect(logFolder(file, { FERRY_SERVICE: '1' })).toBe(systemLogFolder())
  expect(logFolder({ ...file, folder: '/x' }, { INVOCATION_ID: '1' })).toBe('/x')
})
