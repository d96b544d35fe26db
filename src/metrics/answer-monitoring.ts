import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MetricFamily } from './metric-family.ts'
import { CONTENT_TYPES, formatFor, metricsText } from './metrics-text.ts'

/** A reason why a program cannot take and acknowledge instances now. */
interface NotReady {
  readonly code: string
  /** Without patient data. */
  readonly reason: string
}

/** A program that can be monitored. */
export interface Monitored {
  metrics(): Promise<MetricFamily[]> | MetricFamily[]
  /** Empty if instances are taken and acknowledged now. */
  notReady(): Promise<readonly NotReady[]> | readonly NotReady[]
}

const MONITORING_PATHS = { metrics: '/metrics', live: '/livez', ready: '/readyz' } as const
const PATHS: ReadonlySet<string> = new Set(Object.values(MONITORING_PATHS))

export const isMonitoringPath = (path: string): boolean => PATHS.has(path)

/**
 * Answers `/metrics`, `/livez` or `/readyz`. `/livez`: 200 while the event loop turns. `/readyz`: 200, or 503 with one line
 * for each reason. Rejects with the fault of {@link Monitored}.
 */
export async function answerMonitoring(
  monitored: Monitored,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path === MONITORING_PATHS.live) return send(response, 200, 'ok\n')
  if (path === MONITORING_PATHS.ready) {
    const reasons = await monitored.notReady()
    if (reasons.length === 0) return send(response, 200, 'ok\n')
    return send(response, 503, reasons.map(({ code, reason }) => `${code}: ${reason}\n`).join(''))
  }
  const format = formatFor(request.headers.accept)
  send(response, 200, metricsText(await monitored.metrics(), format), CONTENT_TYPES[format])
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  type = 'text/plain; charset=utf-8',
): void {
  const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-type': type }
  response.writeHead(status, headers).end(text)
}
