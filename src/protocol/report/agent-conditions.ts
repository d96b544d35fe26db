import { FAILURES, isFailureCode } from '../../platform/failure.ts'
import type { AgentStatus, CenterTrouble, RequestKind } from '../control-api.ts'

type Alarm = AgentStatus['alarms'][number]
type SeenDevice = AgentStatus['devices'][number]
type Disk = AgentStatus['disk']

/** The facts from which a condition was derived, for the words about it. */
export type ConditionSource =
  | { readonly kind: 'joining' | 'held' | 'disk' | 'late' | 'clock' }
  | { readonly kind: 'alarm'; readonly alarm: Alarm }
  | { readonly kind: 'center'; readonly trouble: CenterTrouble }
  | { readonly kind: 'request'; readonly failed: AgentStatus['failedRequests'][number] }
  | { readonly kind: 'rejectedDevice' | 'silentDevice'; readonly device: SeenDevice }

/** One problem of an agent. CLI, page, metrics, messages and heartbeat read this list, and none of them derives another. */
export interface AgentCondition {
  /** A failure code (docs/errors.md), or one of HELD, STORAGE_LOW, MAKING_ROOM, DEVICE_REJECTED, DEVICE_SILENT, LATE, CLOCK. */
  readonly code: string
  /** 'act': a person is needed. 'decide': a person may say yes or no. 'coping': Ferry goes on by itself. */
  readonly severity: 'act' | 'decide' | 'coping'
  /** Ms since 1970; null until the running agent has seen it once. */
  readonly since: number | null
  /** A device's AE title, a study, a kind of request; null if the code says it all. */
  readonly subject: string | null
  /** Numbers, and names of devices from the settings: no patient data and no UID. */
  readonly values: Readonly<Record<string, string | number>>
  readonly next: { readonly attempt: number; readonly at: number } | null
  readonly request: RequestKind | undefined
  readonly source: ConditionSource
}

const HOUR_MS = 3_600_000
/** A line that is down for longer does not come back by itself. */
const PATIENCE_MS = HOUR_MS
/** Strangers at the door of the last day are worth a line; older ones are history. */
const STRANGER_MS = 24 * HOUR_MS
/** A listed device that is turned away on a Friday is still a case on Monday. */
const LISTED_MS = 7 * 24 * HOUR_MS
const LATE_MS = 24 * HOUR_MS
/** Tokens are refused at five minutes; a person has time before. */
const CLOCK_MS = 60_000
/** The agent keeps as many names of files in reserve, where the disk has a limit of them. */
const RESERVE_FILES = 1000

/** Lists all problems of an agent; those that need a person come first. To add one, add one more function. */
export function conditionsOfAgent(status: AgentStatus): AgentCondition[] {
  const conditions = [
    ...joining(status),
    ...alarmed(status),
    ...centerTrouble(status),
    ...failedRequests(status),
    ...held(status),
    ...diskConditions(status),
    ...rejectedDevices(status),
    ...silentDevices(status),
    ...late(status),
    ...clockConditions(status),
  ]
  return conditions
    .map((condition) => ({ ...condition, since: condition.since ?? firstSeen(condition, status) }))
    .toSorted((a, b) => RANKS[a.severity] - RANKS[b.severity])
}

const RANKS = { act: 0, decide: 1, coping: 2 } as const

function firstSeen({ code, subject }: AgentCondition, { firstSeen: seen }: AgentStatus): number | null {
  return seen.find((one) => one.code === code && one.subject === subject)?.since ?? null
}

type Given = Pick<AgentCondition, 'code' | 'severity' | 'source'> & Partial<AgentCondition>

function conditionOf(given: Given): AgentCondition {
  return { since: null, subject: null, values: {}, next: null, request: undefined, ...given }
}

/** No center's key is known to which an instance could be sealed. */
function joining({ center }: AgentStatus): AgentCondition[] {
  if (center.url !== null) return []
  return [conditionOf({ code: 'NOT_ENROLLED', severity: 'act', source: { kind: 'joining' } })]
}

function alarmed({ alarms, disk }: AgentStatus): AgentCondition[] {
  return alarms
    .filter((alarm) => !isDiskAlarm(alarm, disk))
    .map((alarm) => {
      const { code, subject, since, request } = alarm
      const source = { kind: 'alarm', alarm } as const
      const given = { code, severity: 'act', since, subject, source } as const
      return conditionOf(
        request === undefined ? given : { ...given, next: nextOf(request), request: request.kind },
      )
    })
}

const nextOf = ({ attempts, nextAttemptAt }: { attempts: number; nextAttemptAt: number }) => ({
  attempt: attempts + 1,
  at: nextAttemptAt,
})

function centerTrouble({ center: { trouble }, now }: AgentStatus): AgentCondition[] {
  if (trouble === null) return []
  const { reasonCode: code, since } = trouble
  const source = { kind: 'center', trouble } as const
  return [conditionOf({ code, severity: patience(trouble, now), since, next: nextOf(trouble), source })]
}

/** A request about some studies may fail while the others go on; what the center's own trouble explains is left out. */
function failedRequests({ center: { trouble }, failedRequests: all, now }: AgentStatus): AgentCondition[] {
  return all
    .filter(
      ({ kind, reasonCode }) => trouble === null || (kind !== 'pack' && reasonCode !== trouble.reasonCode),
    )
    .map((failed) => {
      const { kind: request, reasonCode: code, count, since } = failed
      const severity = patience(failed, now)
      const source = { kind: 'request', failed } as const
      const rest = { subject: request, values: { count }, next: nextOf(failed), request, source }
      return conditionOf({ code, severity, since, ...rest })
    })
}

/** Some failures end by waiting; after an hour a person looks at them. */
function patience(
  { reasonCode, since }: Pick<CenterTrouble, 'reasonCode' | 'since'>,
  now: number,
): 'act' | 'coping' {
  const waits = isFailureCode(reasonCode) && FAILURES[reasonCode] === 'wait' && now - since < PATIENCE_MS
  return waits ? 'coping' : 'act'
}

function held({ deliveries }: AgentStatus): AgentCondition[] {
  if (deliveries.held === 0) return []
  const values = { count: deliveries.held }
  return [conditionOf({ code: 'HELD', severity: 'act', values, source: { kind: 'held' } })]
}

/** A disk that is full or nearly so. */
export function diskConditions({ disk, alarms }: Pick<AgentStatus, 'disk' | 'alarms'>): AgentCondition[] {
  const isLow = disk.freeBytes < 2 * disk.reserveBytes
  const helpsItself = disk.room === 'making' || (disk.room === 'checking' && !isFull(disk))
  if (!isFull(disk) && (!isLow || helpsItself)) return []
  const ownCode = isFull(disk) ? 'STORAGE_FULL' : 'STORAGE_LOW'
  const { freeBytes, reserveBytes } = disk
  return [
    conditionOf({
      severity: helpsItself ? 'coping' : 'act',
      code: helpsItself ? 'MAKING_ROOM' : ownCode,
      since: alarms.find((alarm) => isDiskAlarm(alarm, disk))?.since ?? null,
      values: { freeBytes, reserveBytes },
      source: { kind: 'disk' },
    }),
  ]
}

/** Whether the agent's alarm of a full disk says the same as {@link diskConditions}. */
function isDiskAlarm({ code, subject }: Alarm, disk: Disk): boolean {
  return code === 'STORAGE_FULL' && subject === 'spool' && isFull(disk)
}

const isFull = ({ freeBytes, reserveBytes, freeFiles }: Disk): boolean =>
  freeBytes < reserveBytes || lacksNames(freeFiles)

export const lacksNames = (freeFiles: number | null): boolean =>
  freeFiles !== null && freeFiles < RESERVE_FILES

/**
 * act: a device of the list gets no images through as it last called. decide: a caller that is not listed was turned away,
 * and only a person knows whether it belongs here. Scans of ports and ignored callers are neither.
 */
function rejectedDevices({ devices, now }: AgentStatus): AgentCondition[] {
  return devices.flatMap((device) => {
    const severity = rejection(device, now)
    if (severity === undefined) return []
    const { callingAeTitle: subject, rejections: count } = device
    const since = severity === 'act' ? device.lastSeenAt : device.firstSeenAt
    const source = { kind: 'rejectedDevice', device } as const
    const values = { device: deviceWord(device), count }
    return [conditionOf({ code: 'DEVICE_REJECTED', severity, since, subject, values, source })]
  })
}

function rejection(device: SeenDevice, now: number): 'act' | 'decide' | undefined {
  const { state, name, problem, lastSeenAt } = device
  const age = now - lastSeenAt
  // In force since it called last: nothing that it offers is taken, although it is let in.
  const isUseless = state === 'known' && problem?.kind === 'nothing' && problem.at >= lastSeenAt
  if (state === 'refused' || (isUseless && name !== null)) return age <= LISTED_MS ? 'act' : undefined
  if (age > STRANGER_MS) return undefined
  if (state === 'pending') return 'decide'
  return state === 'unnamed' && problem !== null && MEANT_TO_SEND.has(problem.kind) ? 'decide' : undefined
}

/** Problems of a caller without a name that may be a device, unlike one that only connects or speaks another protocol. */
const MEANT_TO_SEND: ReadonlySet<string> = new Set([
  'request',
  'tls',
  'unknown',
  'called',
  'address',
  'nothing',
])

/** A device's name and AE title, for people. */
export function deviceWord({ callingAeTitle, name }: Pick<SeenDevice, 'callingAeTitle' | 'name'>): string {
  const aeTitle = callingAeTitle === '' ? '?' : callingAeTitle
  return name === null || name === aeTitle ? aeTitle : `${name} (${aeTitle})`
}

/** One entry for each device of the list that has sent an image, from whichever addresses it called. */
export function listedDevices({ devices }: Pick<AgentStatus, 'devices'>): SeenDevice[] {
  const latest = new Map<string, SeenDevice>()
  for (const device of devices) {
    if (device.name === null) continue
    const known = latest.get(device.callingAeTitle)
    if ((device.lastInstance?.at ?? 0) >= (known?.lastInstance?.at ?? 0))
      latest.set(device.callingAeTitle, device)
  }
  return [...latest.values()]
}

/** A device that has never sent an image is not silent: it may be new, or never meant to send. */
export function isSilent({ lastInstance, silentAfterMs }: SeenDevice, now: number): boolean {
  return lastInstance !== null && silentAfterMs !== null && now - lastInstance.at >= silentAfterMs
}

function silentDevices(status: AgentStatus): AgentCondition[] {
  return listedDevices(status)
    .filter((device) => isSilent(device, status.now))
    .map((device) =>
      conditionOf({
        code: 'DEVICE_SILENT',
        severity: 'act',
        since: device.lastInstance?.at ?? null,
        subject: device.callingAeTitle,
        values: { device: deviceWord(device) },
        source: { kind: 'silentDevice', device },
      }),
    )
}

function late({ oldestUnconfirmedAt: since, now }: AgentStatus): AgentCondition[] {
  if (since === null || now - since < LATE_MS) return []
  return [conditionOf({ code: 'LATE', severity: 'act', since, source: { kind: 'late' } })]
}

export function clockConditions({
  clockOffsetMs: offset,
}: Pick<AgentStatus, 'clockOffsetMs'>): AgentCondition[] {
  if (offset === null || Math.abs(offset) < CLOCK_MS) return []
  const values = { offsetMs: Math.abs(offset) }
  return [conditionOf({ code: 'CLOCK', severity: 'act', values, source: { kind: 'clock' } })]
}
