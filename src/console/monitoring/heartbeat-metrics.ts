import type { CenterObservation } from '../../center/operate/observe-center.ts'
import { gaugesBy, type MetricFamily, type MetricSample } from '../../metrics/metric-family.ts'

type Report = CenterObservation['heartbeats'][number]

/** Figures that agents report about themselves, by the operator's name for the agent. Two agents of one name: the last report. */
export function heartbeatMetrics({
  agents,
  heartbeats,
}: Pick<CenterObservation, 'agents' | 'heartbeats'>): MetricFamily[] {
  const reports = new Map<string, Report>()
  for (const report of heartbeats.toSorted((a, b) => a.receivedAt - b.receivedAt)) {
    const agent = agents.find(({ kid }) => kid === report.agent)
    if (agent?.state === 'approved') reports.set(agent.name, report)
  }
  const by = (name: string, help: string, value: (report: Report) => number | null): MetricFamily => {
    const values = Array.from(reports, ([agent, report]) => [agent, value(report)] as const)
    return gaugesBy(`ferry_agent_${name}`, help, 'agent', Object.fromEntries(values))
  }
  const beat = (value: (heartbeat: Report['heartbeat']) => number) => (report: Report) =>
    value(report.heartbeat)
  return [
    by(
      'last_heartbeat_timestamp_seconds',
      'Arrival of the last report.',
      ({ receivedAt }) => receivedAt / 1000,
    ),
    by(
      'clock_offset_seconds',
      "The agent's clock minus the center's.",
      ({ clockOffsetMs }) => clockOffsetMs / 1000,
    ),
    by(
      'unconfirmed_instances',
      'Instances without a receipt.',
      beat(({ backlog }) => backlog.instances),
    ),
    by(
      'waiting_bytes',
      'Sealed bytes that the center does not have.',
      beat(({ backlog }) => backlog.bytes),
    ),
    by(
      'held_instances',
      'Instances that wait for a person.',
      beat(({ backlog }) => backlog.held),
    ),
    by(
      'oldest_unconfirmed_timestamp_seconds',
      'Arrival of the oldest instance without a receipt.',
      ({ heartbeat }) => (heartbeat.backlog.oldestAt === null ? null : heartbeat.backlog.oldestAt / 1000),
    ),
    by(
      'disk_free_bytes',
      "Free bytes of the agent's disk.",
      beat(({ disk }) => disk.freeBytes),
    ),
    by(
      'disk_reserve_bytes',
      'Free bytes below which the agent takes nothing.',
      beat(({ disk }) => disk.reserveBytes),
    ),
    by(
      'studies_today',
      'Studies with an instance of today.',
      beat(({ today }) => today.studies),
    ),
    by(
      'callers_refused',
      'Listed devices that are turned away.',
      beat(({ callers }) => callers.refused),
    ),
    by(
      'callers_pending',
      'Callers that a person may let in.',
      beat(({ callers }) => callers.pending),
    ),
    reportedConditions(reports),
  ]
}

function reportedConditions(reports: ReadonlyMap<string, Report>): MetricFamily {
  const samples: MetricSample[] = []
  for (const [agent, { heartbeat }] of reports)
    for (const [key, all] of Map.groupBy(
      heartbeat.conditions,
      ({ code, severity }) => `${code} ${severity}`,
    )) {
      const [code = '', severity = ''] = key.split(' ')
      samples.push({ labels: { agent, code, severity }, value: all.length })
    }
  return {
    name: 'ferry_agent_condition',
    kind: 'gauge',
    help: 'Problems that the agent reports, by code and severity.',
    samples,
  }
}
