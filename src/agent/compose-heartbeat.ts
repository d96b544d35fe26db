import type { AgentStatus } from '../protocol/control-api.ts'
import { type AgentCondition, isSilent, listedDevices } from '../protocol/report/agent-conditions.ts'
import {
  HEARTBEAT_CONDITIONS,
  HEARTBEAT_DEVICES,
  type Heartbeat,
  type ReportedCondition,
} from '../protocol/report/heartbeat.ts'

/** Studies to which an instance came since a moment. */
export interface DayCount {
  readonly since: number
  readonly studies: number
}

/**
 * Puts what the center may know of an agent together. Alarms are reported by their code alone: their subjects and messages
 * can contain UIDs and the names of files, and these the names of patients.
 */
export function composeHeartbeat({
  status,
  conditions,
  today,
}: {
  readonly status: AgentStatus
  readonly conditions: readonly AgentCondition[]
  readonly today: DayCount
}): Heartbeat {
  const { version, now, startedAt, clockOffsetMs, disk, deliveries, waitingBytes, devices } = status
  const { freeBytes, reserveBytes, room } = disk
  const { queued, sending, delivered, held } = deliveries
  const refused = devices.filter(({ state }) => state === 'refused').length
  const pending = devices.filter(({ state }) => state === 'pending').length
  return {
    version,
    now,
    startedAt,
    clockOffsetMs: clockOffsetMs === null ? null : Math.round(clockOffsetMs),
    disk: { freeBytes, reserveBytes, room },
    backlog: {
      instances: queued + sending + delivered,
      bytes: waitingBytes,
      held,
      oldestAt: status.oldestUnconfirmedAt,
    },
    today,
    callers: { refused, pending },
    devices: listedDevices(status)
      .slice(0, HEARTBEAT_DEVICES)
      .map((device) => ({
        aeTitle: device.callingAeTitle,
        name: device.name ?? device.callingAeTitle,
        kind: device.kind,
        lastSeenAt: device.lastSeenAt,
        lastImageAt: device.lastInstance?.at ?? null,
        isSilent: isSilent(device, now),
      })),
    conditions: conditions.slice(0, HEARTBEAT_CONDITIONS).map(reported),
  }
}

function reported({ code, severity, since, subject, values, source }: AgentCondition): ReportedCondition {
  // A stranger chooses its AE title, and may choose one that says something of a patient.
  const isStranger = source.kind === 'rejectedDevice' && source.device.name === null
  if (source.kind === 'alarm' || isStranger) return { code, severity, since, subject: null, values: {} }
  return { code, severity, since, subject, values: { ...values } }
}
