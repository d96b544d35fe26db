import type { MetricFamily, MetricSample } from './metric-family.ts'

/** text: Prometheus text format 0.0.4. openMetrics: OpenMetrics 1.0.0. */
type MetricsFormat = 'text' | 'openMetrics'

export const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openMetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** Returns the format that a scraper asks for. A scraper that knows OpenMetrics names it in `Accept`. */
export function formatFor(accept: string | undefined): MetricsFormat {
  return /\bapplication\/openmetrics-text\b/i.test(accept ?? '') ? 'openMetrics' : 'text'
}

/** Writes all families. A family without a sample is left out: its value is not known. */
export function metricsText(families: readonly MetricFamily[], format: MetricsFormat): string {
  const lines = families
    .filter(({ samples }) => samples.length > 0)
    .flatMap((family) => linesOf(family, format))
  return `${[...lines, ...(format === 'openMetrics' ? ['# EOF'] : [])].join('\n')}\n`
}

/** In OpenMetrics the name of a counter's family lacks the suffix that its samples have. */
function linesOf({ name, kind, help, samples }: MetricFamily, format: MetricsFormat): string[] {
  const sampleName = kind === 'counter' ? `${name}_total` : name
  const familyName = format === 'openMetrics' ? name : sampleName
  return [
    `# HELP ${familyName} ${escapeHelp(help)}`,
    `# TYPE ${familyName} ${kind}`,
    ...samples.map((sample) => `${sampleName}${labelsText(sample)} ${numberText(sample.value)}`),
  ]
}

function labelsText({ labels }: MetricSample): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

/** A lone surrogate has no UTF-8, and a scraper would refuse the whole answer. */
const escapeValue = (text: string): string =>
  escapeHelp(text.toWellFormed()).replaceAll('"', '\\"').replaceAll('\r', ' ')

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}
