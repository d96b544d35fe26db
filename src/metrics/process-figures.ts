import { monitorEventLoopDelay } from 'node:perf_hooks'
import { counter, gauge, type MetricFamily } from './metric-family.ts'

/** The histogram's timer; what it reports includes this time. */
const RESOLUTION_MS = 20

/**
 * Figures of this process, by the names that Prometheus' client libraries use. The delay of the event loop is measured
 * from the first call on, and each call reports the time since the call before: an agent that nothing scrapes pays
 * nothing for it.
 */
export class ProcessFigures implements Disposable {
  #delay: ReturnType<typeof monitorEventLoopDelay> | undefined

  families(): MetricFamily[] {
    const { user, system } = process.cpuUsage()
    const memory = process.memoryUsage()
    const startedAt = Date.now() / 1000 - process.uptime()
    return [
      gauge('process_start_time_seconds', 'Start of this process; counters begin again with it.', startedAt),
      counter('process_cpu_seconds', 'Processor time of this process.', (user + system) / 1e6),
      gauge('process_resident_memory_bytes', 'Memory that this process holds.', memory.rss),
      gauge('ferry_heap_used_bytes', 'Part of the memory that JavaScript objects use.', memory.heapUsed),
      ...this.#loopDelay(),
    ]
  }

  [Symbol.dispose](): void {
    this.#delay?.disable()
  }

  #loopDelay(): MetricFamily[] {
    if (this.#delay === undefined) {
      this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
      this.#delay.enable()
      return []
    }
    const isKnown = this.#delay.count > 0
    const [most, longest] = [this.#delay.percentile(99), this.#delay.max].map(delaySeconds)
    this.#delay.reset()
    if (!isKnown) return []
    const since = 'since the scrape before.'
    return [
      gauge(
        'ferry_event_loop_delay_p99_seconds',
        `Delay that 99 of 100 turns of the event loop stay below, ${since}`,
        most,
      ),
      gauge('ferry_event_loop_delay_max_seconds', `Longest delay of the event loop, ${since}`, longest),
    ]
  }
}

const delaySeconds = (nanoseconds: number): number =>
  Math.max(0, Math.round(nanoseconds / 1000 - RESOLUTION_MS * 1000) / 1e6)
