import type { Clock } from '../platform/clock.ts'
import { failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import { Wake } from '../platform/wake.ts'
import { CENTER_PATHS } from '../protocol/center-api.ts'
import type { AgentStatus } from '../protocol/control-api.ts'
import type { AgentCondition } from '../protocol/report/agent-conditions.ts'
import { heartbeatAnswerSchema } from '../protocol/report/heartbeat.ts'
import { composeHeartbeat, type DayCount } from './compose-heartbeat.ts'
import type { CenterClient } from './send/center-client.ts'

/** The agent's state at one moment. */
export interface Report {
  readonly status: AgentStatus
  readonly conditions: readonly AgentCondition[]
  readonly today: DayCount
}

interface HeartbeatsOptions {
  readonly client: CenterClient
  readonly clock: Clock
  readonly log: Log
}

const EVERY_MS = 60_000
const AT_MOST_EVERY_MS = 10_000

/**
 * Tells the center how this agent is: every minute, and soon after its conditions have changed. A center that is away or
 * older than the heartbeat changes nothing else: the next attempt is a minute later.
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions
  readonly #wake: Wake
  #report: (() => Report) | undefined
  #told = ''

  constructor(options: HeartbeatsOptions) {
    this.#options = options
    this.#wake = new Wake(options.clock)
  }

  /** Heartbeats are sent from now on, each with what `report` returns at that moment. */
  connect(report: () => Report): void {
    this.#report = report
    this.#wake.call()
  }

  /** The conditions have been looked at: if they changed, the center learns it at once. */
  observed(conditions: readonly AgentCondition[]): void {
    if (summaryOf(conditions) !== this.#told) this.#wake.call()
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    while (!signal.aborted) {
      const report = this.#report?.()
      if (report === undefined) {
        await this.#wake.wait(EVERY_MS, signal)
        continue
      }
      this.#told = summaryOf(report.conditions)
      await this.#post(report, signal)
      await clock.sleep(AT_MOST_EVERY_MS, signal).catch(() => {})
      await this.#wake.wait(EVERY_MS - AT_MOST_EVERY_MS, signal)
    }
  }

  async #post(report: Report, signal: AbortSignal): Promise<void> {
    const { client, log } = this.#options
    try {
      await client.json(heartbeatAnswerSchema, {
        method: 'POST',
        path: CENTER_PATHS.heartbeat,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(composeHeartbeat(report)),
        content: 'the heartbeat',
        signal,
      })
    } catch (error) {
      const { code, message } = failureFrom(error, 'INTERNAL', 'sending a heartbeat')
      if (!signal.aborted) log.debug('heartbeat not sent', { code, reason: message })
    }
  }
}

const summaryOf = (conditions: readonly AgentCondition[]): string =>
  JSON.stringify(conditions.map(({ code, subject, severity }) => [code, subject, severity]))
