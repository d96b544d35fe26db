import type { Center } from '../../center/center.ts'
import type { ConditionCode } from '../../center/operate/condition.ts'
import type { CenterObservation } from '../../center/operate/observe-center.ts'
import type { Monitored } from '../../metrics/answer-monitoring.ts'
import { ProcessFigures } from '../../metrics/process-figures.ts'
import { ownVersion } from '../../platform/process/own-version.ts'
import { speak } from '../language/language.ts'
import { centerFindings } from '../views/center-findings.ts'
import { centerMetrics } from './center-metrics.ts'

interface MonitoredCenterOptions {
  readonly center: Pick<Center, 'counts'>
  /** Returns the observation that `ferry-center status` shows. */
  readonly observe: () => Promise<CenterObservation>
  readonly reserveBytes: number
}

/** While one of these is the case, the center takes nothing from agents. */
const SHUT: ReadonlySet<ConditionCode> = new Set(['STORAGE_FULL', 'STORE_MISSING', 'REGISTER_UNREADABLE'])

/** The center as a scraper sees it: the facts of its status, and the figures of its process. */
export class MonitoredCenter implements Monitored, Disposable {
  readonly #options: MonitoredCenterOptions
  readonly #process = new ProcessFigures()

  constructor(options: MonitoredCenterOptions) {
    this.#options = options
  }

  async metrics() {
    const { center, observe, reserveBytes } = this.#options
    const seen = await observe()
    const isReady = seen.conditions.every(({ code }) => !SHUT.has(code))
    const facts = { version: ownVersion(), seen, reserveBytes, isReady, counts: center.counts() }
    return [...centerMetrics(facts), ...this.#process.families()]
  }

  async notReady() {
    const { conditions } = await this.#options.observe()
    const shut = conditions.filter(({ code }) => SHUT.has(code))
    return centerFindings(shut, speak('en'), 'en').map(({ code, what }) => ({ code, reason: what }))
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]()
  }
}
