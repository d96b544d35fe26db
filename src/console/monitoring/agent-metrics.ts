import {
  counter,
  countersBy,
  gauge,
  gaugesBy,
  type MetricFamily,
  type MetricSample,
} from '../../metrics/metric-family.ts'
import type { AgentStatus, DeviceView } from '../../protocol/control-api.ts'
import type { HealthNote } from '../views/health-note.ts'
import { conditionMetrics } from './condition-metrics.ts'

/** The one place that instances are sent to. */
const DESTINATION = { destination: 'center' }
/** Callers that are not in the list of devices; their AE titles are words of strangers. */
const UNLISTED = 'unlisted'

/** Everything that the agent's figures are made from: the answers of `ferry status` and `ferry devices`. */
interface AgentFacts {
  readonly status: AgentStatus
  readonly findings: readonly HealthNote[]
  readonly devices: readonly DeviceView[]
}

export function agentMetrics({ status, findings, devices }: AgentFacts): MetricFamily[] {
  const { deliveries, studies, center, sinceStart, clockOffsetMs } = status
  return [
    { ...gauge('ferry_build_info', 'Version of the agent.', 1), samples: [build(status.version)] },
    gauge(
      'ferry_ready',
      '1 if instances are taken and acknowledged now.',
      flag(status.notReady.length === 0),
    ),
    ...conditionMetrics(findings),
    toCenter(gaugesBy('ferry_instances', 'Instances on record, by state.', 'state', deliveries)),
    toCenter(
      gauge('ferry_waiting_bytes', 'Sealed bytes that the center does not have.', status.waitingBytes),
    ),
    toCenter(
      gauge(
        'ferry_oldest_unconfirmed_timestamp_seconds',
        'Arrival of the oldest instance without a receipt; absent if there is none.',
        seconds(status.oldestUnconfirmedAt),
      ),
    ),
    gaugesBy('ferry_studies', 'Studies on record, by state.', 'state', studies),
    toCenter(
      gauge(
        'ferry_destination_up',
        '1 if nothing keeps the agent from sending.',
        flag(center.trouble === null),
      ),
    ),
    gauge('ferry_clock_offset_seconds', "This machine's clock minus the center's.", seconds(clockOffsetMs)),
    ...diskMetrics(status.disk),
    ...deviceMetrics(devices),
    ...folderMetrics(status.folders),
    toCenter(
      counter(
        'ferry_packs_delivered',
        'Packs that arrived at the center, since the start.',
        sinceStart.packs,
      ),
    ),
    toCenter(
      counter(
        'ferry_instances_delivered',
        'Instances that the center took, since the start.',
        sinceStart.delivered,
      ),
    ),
    toCenter(
      counter(
        'ferry_receipts',
        'Receipts that were checked and believed, since the start.',
        sinceStart.receipts,
      ),
    ),
    countersBy(
      'ferry_associations_rejected',
      'Associations that were rejected, since the start, by the kind of problem.',
      'code',
      sinceStart.rejectedAssociations,
    ),
    countersBy(
      'ferry_instances_refused',
      'Instances that were refused, since the start, by failure code or DICOM status.',
      'code',
      sinceStart.refusedInstances,
    ),
    toCenter(
      countersBy(
        'ferry_requests_failed',
        'Requests that failed and are tried again or held, since the start, by failure code.',
        'code',
        sinceStart.failedRequests,
      ),
    ),
  ]
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000)
const flag = (isTrue: boolean): number => (isTrue ? 1 : 0)
const build = (version: string): MetricSample => ({ labels: { version }, value: 1 })

const toCenter = (family: MetricFamily): MetricFamily => ({
  ...family,
  samples: family.samples.map(({ labels, value }) => ({ labels: { ...DESTINATION, ...labels }, value })),
})

function diskMetrics({ freeBytes, reserveBytes, freeFiles, contents }: AgentStatus['disk']): MetricFamily[] {
  const parts = contents && {
    waiting: contents.waitingBytes,
    confirmed: contents.confirmedBytes,
    held: contents.heldBytes,
    other: contents.otherBytes,
  }
  return [
    gauge('ferry_disk_free_bytes', 'Free bytes of the disk that is short of room first.', freeBytes),
    gauge('ferry_disk_reserve_bytes', 'Free bytes below which nothing new is taken.', reserveBytes),
    gauge('ferry_disk_free_files', 'Further files that the disk can name.', freeFiles),
    gauge('ferry_disk_size_bytes', 'Size of that disk.', contents?.totalBytes),
    gaugesBy('ferry_disk_used_bytes', 'Bytes of that disk, by contents.', 'state', parts ?? {}),
  ]
}

/** Several addresses may have one AE title, and a device is named as the configuration names it. */
function deviceMetrics(devices: readonly DeviceView[]): MetricFamily[] {
  const names = [...new Set(devices.map(nameOf))].toSorted()
  const of = (name: string): DeviceView[] => devices.filter((device) => nameOf(device) === name)
  const by = (value: (all: DeviceView[]) => number | null): Record<string, number | null> =>
    Object.fromEntries(names.map((name) => [name, value(of(name))]))
  const sum = (value: (device: DeviceView) => number): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, of(name).reduce((total, one) => total + value(one), 0)]))
  return [
    countersBy(
      'ferry_device_instances',
      'Instances taken, as the index counts them.',
      'device',
      sum((one) => one.instances),
    ),
    countersBy(
      'ferry_device_bytes',
      'Bytes of their data sets as they arrived.',
      'device',
      sum((one) => one.bytes),
    ),
    countersBy(
      'ferry_device_associations',
      'Associations accepted.',
      'device',
      sum((one) => one.associations),
    ),
    countersBy(
      'ferry_device_rejections',
      'Associations rejected.',
      'device',
      sum((one) => one.rejections),
    ),
    gaugesBy(
      'ferry_device_last_received_timestamp_seconds',
      'Arrival of the last instance; absent if there was none.',
      'device',
      by((all) => seconds(newest(all.map(({ lastInstance }) => lastInstance?.at ?? null)))),
    ),
    gaugesBy(
      'ferry_device_last_seen_timestamp_seconds',
      'Time of the last call; absent if there was none.',
      'device',
      by((all) => seconds(newest(all.map(({ lastSeenAt }) => lastSeenAt)))),
    ),
    gaugesBy('ferry_callers', 'Callers, by state in the list of devices.', 'state', countStates(devices)),
  ]
}

const nameOf = ({ name, state }: DeviceView): string =>
  state === 'known' || state === 'refused' ? (name ?? UNLISTED) : UNLISTED

function newest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}

function countStates(devices: readonly DeviceView[]): Record<string, number> {
  const counts: Record<DeviceView['state'], number> = {
    known: 0,
    refused: 0,
    pending: 0,
    ignored: 0,
    unnamed: 0,
  }
  for (const { state } of devices) counts[state]++
  return counts
}

function folderMetrics(folders: AgentStatus['folders']): MetricFamily[] {
  const by = (label: 'waiting' | 'held'): Record<string, number> =>
    Object.fromEntries(folders.map((folder) => [folder.name, folder[label]]))
  return [
    gaugesBy('ferry_folder_waiting_files', 'Files whose patient is not known.', 'folder', by('waiting')),
    gaugesBy('ferry_folder_held_files', 'Files that cannot be taken as they are.', 'folder', by('held')),
  ]
}
