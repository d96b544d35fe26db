import type { Monitored } from '../../metrics/answer-monitoring.ts'
import { ProcessFigures } from '../../metrics/process-figures.ts'
import type { ControlService } from '../../protocol/control-service.ts'
import { speak } from '../language/language.ts'
import { assessHealth } from '../views/health.ts'
import { agentMetrics } from './agent-metrics.ts'

/** The agent as a scraper sees it: the facts of its status, and the figures of its process. */
export class MonitoredAgent implements Monitored, Disposable {
  readonly #service: Pick<ControlService, 'status' | 'devices'>
  readonly #process = new ProcessFigures()

  constructor(service: Pick<ControlService, 'status' | 'devices'>) {
    this.#service = service
  }

  async metrics() {
    const status = await this.#service.status()
    const { devices } = await this.#service.devices()
    const findings = assessHealth(status, speak('en'), 'en')
    return [...agentMetrics({ status, findings, devices }), ...this.#process.families()]
  }

  async notReady() {
    return (await this.#service.status()).notReady
  }

  [Symbol.dispose](): void {
    this.#process[Symbol.dispose]()
  }
}
