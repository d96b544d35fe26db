import type { Clock } from '../platform/clock.ts'
import { failureFrom } from '../platform/failure.ts'
import type { Log } from '../platform/log.ts'
import type { AgentStatus } from '../protocol/control-api.ts'
import { type AgentCondition, conditionsOfAgent } from '../protocol/report/agent-conditions.ts'
import type { ConditionTimes } from './queue/condition-times.ts'

interface OwnConditionsOptions {
  readonly status: () => AgentStatus
  readonly times: ConditionTimes
  /** Called with every look. */
  readonly observed: (conditions: readonly AgentCondition[]) => void
  readonly clock: Clock
  readonly log: Log
}

const LOOK_EVERY_MS = 10_000

/** Looks at the conditions of the running agent, and stores when each began. */
export class OwnConditions implements AsyncDisposable {
  readonly #options: OwnConditionsOptions
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(options: OwnConditionsOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { clock } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      this.#look()
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {})
    }
  }

  #look(): void {
    const { status: read, times, observed, log } = this.#options
    try {
      const status = read()
      const conditions = conditionsOfAgent(status)
      times.observe(conditions, status.now)
      observed(conditions)
    } catch (error) {
      const { code, message } = failureFrom(
        error,
        'DATABASE_ERROR',
        'looking at the conditions of this agent',
      )
      log.warn('the conditions could not be looked at', { code, reason: message })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent is stopping'))
    await this.#running
  }
}
