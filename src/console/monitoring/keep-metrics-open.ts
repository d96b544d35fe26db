import type { MetricsSettings } from '../../config/metrics-settings.ts'
import type { Monitored } from '../../metrics/answer-monitoring.ts'
import { startMonitoringServer } from '../../metrics/monitoring-server.ts'
import type { Clock } from '../../platform/clock.ts'
import { failureFrom } from '../../platform/failure.ts'
import type { Log } from '../../platform/log.ts'

const AGAIN_MS = 30_000

interface KeepMetricsOptions {
  readonly settings: MetricsSettings
  readonly monitored: Monitored & Disposable
  readonly clock: Clock
  readonly log: Log
}

/**
 * Serves metrics at the configured address, if there is one, until it is disposed of. While its port is taken the program
 * works on, and the port is tried again; whoever scrapes it sees that nothing answers.
 */
export function keepMetricsOpen({ settings, monitored, clock, log }: KeepMetricsOptions): AsyncDisposable {
  const { listen } = settings
  const stop = new AbortController()
  const held = new AsyncDisposableStack()
  held.use(monitored)
  const open = async (where: NonNullable<typeof listen>): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        held.use(await startMonitoringServer({ ...where, monitored, log }))
        return
      } catch (error) {
        const { code, message } = failureFrom(error, 'PORT_IN_USE', 'serving metrics')
        log.error('no metrics are served', { code, reason: message })
      }
      await clock.sleep(AGAIN_MS, stop.signal).catch(() => {})
    }
  }
  const opening = listen === undefined ? undefined : open(listen)
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await opening
      await held.disposeAsync()
    },
  }
}
