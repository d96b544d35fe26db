import { setTimeout as sleep } from 'node:timers/promises'
import type { AgentStatus } from '../../src/protocol/control-api.ts'
import type { SentVersions } from './account.ts'
import { type Sample, sampleProcess } from './process-watch.ts'
import type { SoakClinic } from './soak-clinic.ts'

interface SoakWatchOptions {
  readonly clinic: SoakClinic
  readonly sent: SentVersions
  readonly sampleEveryMs: number
  readonly sayEveryMs: number
  readonly say: (line: string) => void
}

/** Looks at both processes and asks the agent how it is, all the time; says so now and then. */
export class SoakWatch {
  readonly samples: { agent: Sample[]; center: Sample[] } = { agent: [], center: [] }
  /** Every alarm that was seen, since a deleted index takes them with it. */
  readonly alarms = new Map<string, string>()
  readonly faults = new Map<string, number>()
  readonly #options: SoakWatchOptions
  readonly #startedAt = performance.now()
  #lastFault = 'none yet'

  constructor(options: SoakWatchOptions) {
    this.#options = options
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  fault(name: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1)
    this.#lastFault = name
  }

  async run(signal: AbortSignal): Promise<void> {
    const { sampleEveryMs, sayEveryMs, say } = this.#options
    let saidAt = 0
    while (!signal.aborted) {
      const status = await this.look()
      if (this.elapsedMs - saidAt >= sayEveryMs) {
        saidAt = this.elapsedMs
        say(this.#progress(status))
      }
      await sleep(sampleEveryMs, undefined, { signal }).catch(() => {})
    }
  }

  /** Undefined while the agent does not answer. */
  async look(): Promise<AgentStatus | undefined> {
    const { agent, center } = this.#options.clinic
    for (const program of [agent, center] as const) {
      const sample = program.pid === undefined ? undefined : sampleProcess(program.pid, this.elapsedMs)
      if (sample !== undefined) this.samples[program.name].push(sample)
    }
    const status = await this.#options.clinic.status().catch(() => undefined)
    for (const { code, subject, message } of status?.alarms ?? []) {
      this.alarms.set(`${code} ${subject}`, message)
    }
    return status
  }

  #progress(status: AgentStatus | undefined): string {
    const { sent, acknowledged } = this.#options.sent.counts
    const { queued, sending, delivered, held } = status?.deliveries ?? {}
    const faults = Array.from(this.faults.values()).reduce((sum, count) => sum + count, 0)
    return [
      `${(this.elapsedMs / 60_000).toFixed(1)} min`,
      `sent ${sent}`,
      `acknowledged ${acknowledged}`,
      status === undefined
        ? 'the agent is away'
        : `queued ${queued} sending ${sending} delivered ${delivered} held ${held}`,
      `agent ${shown(this.samples.agent.at(-1))}`,
      `center ${shown(this.samples.center.at(-1))}`,
      `faults ${faults} (${this.#lastFault})`,
    ].join(' · ')
  }
}

function shown(sample: Sample | undefined): string {
  if (sample === undefined) return '-'
  return `${(sample.residentBytes / 1e6).toFixed(0)} MB ${sample.descriptors} fd`
}
