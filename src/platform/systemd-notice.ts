import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Clock } from './clock.ts'
import { failureFrom } from './failure.ts'
import type { Log } from './log.ts'

/** Interval of the status where systemd wants no sign of life. */
const STATUS_EVERY_MS = 60_000
/** A sign of life may be late by two intervals before systemd acts. */
const SIGNS_PER_DEADLINE = 3
/** systemd-notify itself waits up to 5 s for systemd. */
const SEND_LIMIT_MS = 10_000
/** Longest restart inside the process. `TimeoutStartSec=` of the unit is the same for the first start. */
const RESTART_LIMIT_MS = 30 * 60_000

/** Proves that the program does its work and resolves with its state in one sentence. Rejects with the fault. */
export type SelfCheck = () => Promise<string>

/** The sentences that `systemctl status` shows, in one language. */
interface ServiceWords {
  started(): string
  working(state: string): string
  failing(reason: string): string
  restarting(): string
  stopping(): string
}

interface SystemdNoticeOptions {
  /** NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are systemd's wishes (sd_watchdog_enabled(3)). */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly words: ServiceWords
  readonly clock: Clock
  readonly log: Log
  /** Aborted when the process is to end. */
  readonly signal: AbortSignal
}

/**
 * Tells systemd the state of a service of `Type=notify` (sd_notify(3)). Node has no datagram sockets of AF_UNIX, so that
 * each message is a run of `systemd-notify`; the unit therefore needs `NotifyAccess=all`. Does nothing unless systemd
 * has set NOTIFY_SOCKET.
 *
 * The timer of a sign of life is a timer of the main loop, and a sign follows only a self-check that has passed. A
 * blocked loop, a disk that does not answer and a check that fails all have the same effect: silence, after which
 * systemd restarts the service.
 */
export class SystemdNotice {
  readonly #options: SystemdNoticeOptions
  readonly #socket: string | undefined
  /** The longest silence that systemd accepts; undefined if it does not watch. */
  readonly #deadlineMs: number | undefined
  #isWell = true
  #isHeard = true
  /** Messages go out one after the other. */
  #sending: Promise<void> = Promise.resolve()

  constructor(options: SystemdNoticeOptions) {
    const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: micros, WATCHDOG_PID: pid } = options.environment
    this.#options = options
    this.#socket = socket === '' ? undefined : socket
    const isForUs = pid === undefined || Number(pid) === process.pid
    this.#deadlineMs =
      micros !== undefined && isForUs && Number(micros) > 0 ? Number(micros) / 1000 : undefined
  }

  /**
   * Call it when the program listens. Sends signs of life until it is disposed of, which says whether the program stops
   * or starts again in this process. Never rejects.
   */
  async ready(check: SelfCheck): Promise<AsyncDisposable> {
    const stop = new AbortController()
    if (this.#socket === undefined) return { async [Symbol.asyncDispose]() {} }
    const { words, signal } = this.#options
    this.#isWell = true
    await this.#send(['READY=1', `STATUS=${words.started()}`, ...this.#deadline(this.#deadlineMs)])
    // Not awaited at the end: a check that hangs must not hold it up.
    void this.#watch(check, stop.signal)
    return {
      [Symbol.asyncDispose]: async () => {
        stop.abort()
        if (signal.aborted) await this.#send(['STOPPING=1', `STATUS=${words.stopping()}`])
        else await this.#send([`STATUS=${words.restarting()}`, ...this.#deadline(RESTART_LIMIT_MS)])
      },
    }
  }

  /** Changes systemd's deadline, and begins it again. */
  #deadline(ms: number | undefined): string[] {
    return this.#deadlineMs === undefined || ms === undefined
      ? []
      : [`WATCHDOG_USEC=${Math.round(ms * 1000)}`]
  }

  async #watch(check: SelfCheck, stop: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const everyMs = Math.min(STATUS_EVERY_MS, (this.#deadlineMs ?? Infinity) / SIGNS_PER_DEADLINE)
    try {
      for (;;) {
        const message = await this.#look(check, everyMs)
        if (stop.aborted) return
        await this.#send(message)
        await clock.sleep(everyMs, stop)
      }
    } catch {
      // The sleep was aborted.
    }
  }

  /** Returns the sign of life, or the reason why there is none. */
  async #look(check: SelfCheck, everyMs: number): Promise<string[]> {
    const { words, clock, log } = this.#options
    const late = clock.after(everyMs, () =>
      log.error('the self-check does not end', { waitedMs: Math.round(everyMs) }),
    )
    try {
      const state = await check()
      if (!this.#isWell) log.info('the self-check passes again')
      this.#isWell = true
      return ['WATCHDOG=1', `STATUS=${words.working(state)}`]
    } catch (error) {
      const { code, message: reason } = failureFrom(error, 'INTERNAL', 'checking the program')
      if (this.#isWell) log.error('the self-check fails', { code, reason })
      this.#isWell = false
      return [`STATUS=${words.failing(reason)}`]
    } finally {
      late.cancel()
    }
  }

  #send(message: readonly string[]): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendNow(message))
    return this.#sending
  }

  async #sendNow(message: readonly string[]): Promise<void> {
    const { environment, log } = this.#options
    const env = { NOTIFY_SOCKET: this.#socket, PATH: environment['PATH'] }
    const lines = message.map((line) => line.replaceAll(/\s+/g, ' '))
    try {
      await run('systemd-notify', lines, { env, timeout: SEND_LIMIT_MS })
      this.#isHeard = true
    } catch (error) {
      const { code, message: reason } = failureFrom(error, 'INTERNAL', 'running systemd-notify')
      if (this.#isHeard) log.error('systemd cannot be told that the program works', { code, reason })
      this.#isHeard = false
    }
  }
}

const run = promisify(execFile)
