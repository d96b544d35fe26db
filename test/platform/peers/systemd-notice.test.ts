import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Failure } from '../../../src/platform/failure.ts'
import { type SelfCheck, SystemdNotice } from '../../../src/platform/systemd-notice.ts'
import { ManualClock } from '../../support/clocks/manual-clock.ts'
import { passTimeUntil } from '../../support/clocks/pass-time.ts'
import { canNotify, openNotifySocket } from '../../support/peers/notify-socket.ts'
import { RecordingLog } from '../../support/recording-log.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const WORDS = {
  started: () => 'started',
  working: (state: string) => state,
  failing: (reason: string) => `failing: ${reason}`,
  restarting: () => 'starting again',
  stopping: () => 'stopping',
}
const DEADLINE_MS = 90_000
const SIGN_EVERY_MS = DEADLINE_MS / 3

/** A service with a deadline of 90 s, on a clock that the test moves, and the socket that it tells. */
async function service(environment: Record<string, string> = {}) {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(tempFolder())
  const socket = stack.use(await openNotifySocket(folder.join('notify')))
  const [clock, log, end] = [new ManualClock(), new RecordingLog(), new AbortController()]
  const notice = new SystemdNotice({
    environment: {
      PATH: process.env['PATH'],
      NOTIFY_SOCKET: socket.path,
      WATCHDOG_USEC: String(DEADLINE_MS * 1000),
      ...environment,
    },
    words: WORDS,
    clock,
    log,
    signal: end.signal,
  })
  const all = stack.move()
  const signs = (): number => socket.heard.filter((one) => one === 'WATCHDOG=1').length
  return { socket, clock, log, end, notice, signs, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

const BLOCKED = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)'
const BUSY_ELSEWHERE = 'await new Promise((done) => setTimeout(done, 2000))'

/** A program that sends ten signs of life a second, and spends the two seconds after a line comes in `what`. */
const program = (what: string) => `
import { SystemdNotice } from ${JSON.stringify(resolve('src/platform/systemd-notice.ts'))}
const words = { started: () => 's', working: (s) => s, failing: (r) => r, restarting: () => 'r', stopping: () => 'e' }
const clock = {
  now: Date.now,
  monotonicMs: () => performance.now(),
  after: (ms, call) => { const timer = setTimeout(call, ms); return { cancel: () => clearTimeout(timer) } },
  sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
}
const log = { error() {}, warn() {}, info() {}, debug() {} }
const signal = new AbortController().signal
await new SystemdNotice({ environment: process.env, words, clock, log, signal }).ready(async () => 'well')
process.stdin.once('data', async () => {
  ${what}
  process.exit()
})
`

async function signsWhile(what: string): Promise<number> {
  using folder = tempFolder()
  await using socket = await openNotifySocket(folder.join('notify'))
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program(what)], {
    env: { PATH: process.env['PATH'], NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '300000' },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  const signs = (): number => socket.heard.filter((one) => one === 'WATCHDOG=1').length
  await socket.untilHeard('WATCHDOG=1', 3)
  const before = signs()
  child.stdin.write('now\n')
  await ended
  return signs() - before
}

const group = canNotify ? describe : describe.skip
group(canNotify ? 'systemd-notify' : 'systemd-notify or python3, which is not here', () => {
  test('systemd is told when the service is ready, that it lives as long as its self-check passes, and when it stops', async () => {
    await using it = await service()
    let fault: string | undefined
    const check: SelfCheck = async () => {
      if (fault !== undefined) throw new Failure('STORAGE_ERROR', fault)
      return 'all is\nwell'
    }
    const watching = await it.notice.ready(check)
    expect(it.socket.heard.slice(0, 2)).toEqual(['READY=1', 'STATUS=started'])
    await it.socket.untilHeard('WATCHDOG=1')
    await it.socket.untilHeard('STATUS=all is well')
    await it.clock.timerOf(SIGN_EVERY_MS)
    it.clock.advance(SIGN_EVERY_MS)
    await it.socket.untilHeard('WATCHDOG=1', 2)

    // A fault: the status says why, and no sign of life comes.
    await it.clock.timerOf(SIGN_EVERY_MS)
    fault = 'the disk writes nothing'
    for (const times of [1, 2, 3]) {
      await it.clock.timerOf(SIGN_EVERY_MS)
      it.clock.advance(SIGN_EVERY_MS)
      await it.socket.untilHeard('STATUS=failing: the disk writes nothing', times)
    }
    expect(it.signs()).toBe(2)
    expect(it.log.of('error').map(({ message }) => message)).toEqual(['the self-check fails'])

    fault = undefined
    await it.clock.timerOf(SIGN_EVERY_MS)
    it.clock.advance(SIGN_EVERY_MS)
    await it.socket.untilHeard('WATCHDOG=1', 3)
    expect(it.log.of('info').map(({ message }) => message)).toEqual(['the self-check passes again'])

    it.end.abort()
    await watching[Symbol.asyncDispose]()
    await it.socket.untilHeard('STOPPING=1')
    expect(it.socket.heard.slice(-2)).toEqual(['STOPPING=1', 'STATUS=stopping'])
  })

  test('no sign of life follows a self-check that does not end, and the log says so', async () => {
    await using it = await service()
    let isHung = false
    const check: SelfCheck = () => (isHung ? new Promise(() => {}) : Promise.resolve('well'))
    await using _ = await it.notice.ready(check)
    await it.socket.untilHeard('WATCHDOG=1')
    await it.clock.timerOf(SIGN_EVERY_MS)
    isHung = true
    await passTimeUntil(
      it.clock,
      () => it.log.of('error'),
      (lines) => lines.length > 0,
      SIGN_EVERY_MS,
    )
    it.clock.advance(10 * DEADLINE_MS)
    expect(it.log.of('error').map(({ message }) => message)).toEqual(['the self-check does not end'])
    expect(it.signs()).toBe(1)
  })

  test('no sign of life comes from a process whose event loop is blocked', async () => {
    // One may be on its way when it begins.
    expect(await signsWhile(BLOCKED)).toBeLessThanOrEqual(2)
    // Negative control: a process that waits in another way goes on sending them.
    expect(await signsWhile(BUSY_ELSEWHERE)).toBeGreaterThan(4)
  })

  test('a service that starts again in its process has half an hour until it must listen', async () => {
    await using it = await service()
    const first = await it.notice.ready(async () => 'well')
    await it.socket.untilHeard('WATCHDOG=1')
    await first[Symbol.asyncDispose]()
    await it.socket.untilHeard('WATCHDOG_USEC=1800000000')
    expect(it.socket.heard).not.toContain('STOPPING=1')
    await using _ = await it.notice.ready(async () => 'well')
    await it.socket.untilHeard(`WATCHDOG_USEC=${DEADLINE_MS * 1000}`, 2)
    await it.socket.untilHeard('WATCHDOG=1', 2)
  })

  test('a watchdog that is meant for another process gets no change of its deadline', async () => {
    await using it = await service({ WATCHDOG_PID: '1' })
    await using _ = await it.notice.ready(async () => 'well')
    await it.socket.untilHeard('STATUS=well')
    expect(it.socket.heard.filter((one) => one.startsWith('WATCHDOG_USEC'))).toEqual([])
  })
})
