import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import type { CenterObservation } from '../src/center/operate/observe-center.ts'
import { agentMetrics } from '../src/console/monitoring/agent-metrics.ts'
import { centerMetrics } from '../src/console/monitoring/center-metrics.ts'
import type { MetricFamily } from '../src/metrics/metric-family.ts'
import { ProcessFigures } from '../src/metrics/process-figures.ts'
import { WELL } from './support/peers/fake-control-service.ts'

const SEEN: CenterObservation = {
  now: 0,
  isRunning: true,
  disks: [],
  conditions: [],
  agents: [],
  heartbeats: [],
  figures: {
    agents: { pending: 0, approved: 0, revoked: 0 },
    instances: 0,
    held: 0,
    conflicts: 0,
    packsUnderWay: 0,
    pacs: { waiting: 0, held: 0, refused: 0, unverified: 0 },
    scrub: {
      startedAt: null,
      position: 0,
      checked: 0,
      lost: 0,
      finishedAt: null,
      finishedChecked: 0,
      finishedLost: 0,
    },
    lost: 0,
    damagedFiles: 0,
  },
}

/** The names of all figures, as a query spells them. */
async function allNames(): Promise<Set<string>> {
  using figures = new ProcessFigures()
  figures.families()
  await new Promise((resolve) => setTimeout(resolve, 100))
  const counts = { packs: 0, refusedRequests: {} }
  const families: MetricFamily[] = [
    ...agentMetrics({ status: WELL, findings: [], devices: [] }),
    ...centerMetrics({ version: '1', seen: SEEN, reserveBytes: 0, isReady: true, counts }),
    ...figures.families(),
  ]
  return new Set(families.map(({ name, kind }) => (kind === 'counter' ? `${name}_total` : name)))
}

const namesIn = (text: string): Set<string> =>
  new Set(Array.from(text.matchAll(/\b(?:ferry|process)_[a-z_0-9]+\b/g), ([name]) => name))

test.each(['docs/monitoring.md', 'docs/monitoring.zh-CN.md'])(
  '%s lists every figure, and no other',
  async (page) => {
    const listed = namesIn(readFileSync(page, 'utf8'))
    expect([...listed].toSorted()).toEqual([...(await allNames())].toSorted())
  },
)

test.each(['docs/monitoring/grafana.json', 'docs/monitoring/alerts.yaml'])(
  '%s asks for figures that exist',
  async (file) => {
    const asked = [...namesIn(readFileSync(file, 'utf8'))]
    const known = await allNames()
    expect(asked.length).toBeGreaterThan(5)
    expect(asked.filter((name) => !known.has(name))).toEqual([])
  },
)
