import type { MetricFamily, MetricSample } from '../../metrics/metric-family.ts'

/** One problem, as `ferry status` and `ferry-center status` list it. */
interface ListedCondition {
  readonly code: string
  readonly severity: string
  /** Ms since 1970; null if it is not known. */
  readonly since: number | null
}

/** Counts problems by code and severity, and says since when the oldest of each is there. */
export function conditionMetrics(conditions: readonly ListedCondition[]): MetricFamily[] {
  const counts: MetricSample[] = []
  const since: MetricSample[] = []
  for (const { code, severity, all } of grouped(conditions)) {
    const labels = { code, severity }
    counts.push({ labels, value: all.length })
    const times = all.flatMap((one) => (one.since === null ? [] : [one.since]))
    if (times.length > 0) since.push({ labels, value: Math.min(...times) / 1000 })
  }
  return [
    {
      name: 'ferry_condition',
      kind: 'gauge',
      help: 'Problems in the status, by code and severity.',
      samples: counts,
    },
    {
      name: 'ferry_condition_since_timestamp_seconds',
      kind: 'gauge',
      help: 'Begin of the oldest problem of each code and severity.',
      samples: since,
    },
  ]
}

interface Group {
  readonly code: string
  readonly severity: string
  readonly all: ListedCondition[]
}

function grouped(conditions: readonly ListedCondition[]): Group[] {
  const groups = new Map<string, Group>()
  for (const condition of conditions) {
    const { code, severity } = condition
    const group = groups.get(`${code} ${severity}`) ?? { code, severity, all: [] }
    group.all.push(condition)
    groups.set(`${code} ${severity}`, group)
  }
  return [...groups.values()]
}
