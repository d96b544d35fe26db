import { basename } from 'node:path'
import type { CenterObservation } from '../../center/operate/observe-center.ts'
import type { CenterCounts } from '../../center/request-counts.ts'
import { counter, countersBy, gauge, gaugesBy, type MetricFamily } from '../../metrics/metric-family.ts'
import { conditionMetrics } from './condition-metrics.ts'
import { heartbeatMetrics } from './heartbeat-metrics.ts'

/** Everything that the center's figures are made from: the answer of `ferry-center status`, and what this process counts. */
interface CenterFacts {
  readonly version: string
  readonly seen: CenterObservation
  readonly reserveBytes: number
  readonly isReady: boolean
  readonly counts: CenterCounts
}

export function centerMetrics({ version, seen, reserveBytes, isReady, counts }: CenterFacts): MetricFamily[] {
  const { disks, conditions, agents, figures } = seen
  const free = Object.fromEntries(
    disks.map(({ folder, freeBytes }, i) => [i === 0 ? 'data' : basename(folder), freeBytes]),
  )
  return [
    gaugesBy('ferry_build_info', 'Version of the center.', 'version', { [version]: 1 }),
    gauge('ferry_ready', '1 if instances are taken and acknowledged now.', isReady ? 1 : 0),
    ...conditionMetrics(conditions),
    gaugesBy('ferry_disk_free_bytes', 'Free bytes of each disk that holds data of the center.', 'disk', free),
    gauge('ferry_disk_reserve_bytes', 'Free bytes below which agents are told to wait.', reserveBytes),
    ...(figures === undefined ? [] : registerMetrics(figures)),
    gaugesBy(
      'ferry_agent_last_contact_timestamp_seconds',
      'Last request of each approved agent.',
      'agent',
      contacts(agents),
    ),
    ...heartbeatMetrics(seen),
    counter('ferry_packs_opened', 'Packs that were answered, since the start.', counts.packs),
    countersBy(
      'ferry_requests_refused',
      'Requests that were refused, since the start, by failure code.',
      'code',
      counts.refusedRequests,
    ),
  ]
}

function registerMetrics(figures: NonNullable<CenterObservation['figures']>): MetricFamily[] {
  const { agents, instances, held, packsUnderWay, pacs, lost, damagedFiles } = figures
  return [
    gaugesBy('ferry_agents', 'Agents, by state.', 'state', agents),
    counter('ferry_instances_stored', 'Instances in the register, from which none is deleted.', instances),
    gauge('ferry_instances_held', 'Instances that wait for the operator to release them.', held),
    gauge('ferry_packs_under_way', 'Packs that arrive or wait to be opened.', packsUnderWay),
    gaugesBy('ferry_pacs_instances', 'Instances that the PACS does not have, by state.', 'state', {
      ...pacs,
    }),
    gauge('ferry_instances_lost', 'Instances whose file is gone or damaged.', lost),
    gauge('ferry_damaged_files', 'Damaged files that are kept.', damagedFiles),
  ]
}

/** Two agents of one name count as one: the one that was heard last. */
function contacts(agents: CenterObservation['agents']): Record<string, number> {
  const newest: Record<string, number> = {}
  for (const { name, state, lastSeenAt } of agents)
    if (state === 'approved' && lastSeenAt !== null)
      newest[name] = Math.max(newest[name] ?? 0, lastSeenAt / 1000)
  return newest
}
