import type { AgentStatus, RequestKind } from '../../src/protocol/control-api.ts'
import { WELL } from './peers/fake-control-service.ts'

/** A state of the clinic: what the agent reports, and what is the case. */
export interface Situation {
  readonly name: string
  readonly status: AgentStatus
  readonly isWell: boolean
  readonly needs: 'nobody' | 'a decision' | 'a person'
  readonly line: 'works' | 'tried later' | 'tried now'
  /** Requests about studies that are at the center. */
  readonly request: 'succeed' | 'tried later' | 'tried now'
  readonly door: 'open' | 'shut by a full disk' | 'shut by a fault' | 'shut by both'
  readonly isMakingRoom: boolean
  /** True if the agent has joined a center. */
  readonly isJoined: boolean
  readonly device: 'none' | 'unlisted' | 'listed'
  readonly isBehind: boolean
  readonly held: number
  /** The code under which accepted images are known to be gone. */
  readonly lost: string | undefined
}

/** One thing that can be the case, put on top of a situation. */
type Change = (situation: Situation) => Situation

const { now } = WELL
const HOUR_MS = 3_600_000

const START: Situation = {
  name: '',
  status: WELL,
  isWell: true,
  needs: 'nobody',
  line: 'works',
  request: 'succeed',
  door: 'open',
  isMakingRoom: false,
  isJoined: true,
  device: 'none',
  isBehind: false,
  held: 0,
  lost: undefined,
}

const NEEDS = ['nobody', 'a decision', 'a person'] as const

function change(
  name: string,
  needs: Situation['needs'],
  facts: Partial<Situation>,
  status: (status: AgentStatus) => Partial<AgentStatus>,
): Change {
  return (was) => ({
    ...was,
    ...facts,
    name: `${was.name}, ${name}`,
    isWell: false,
    needs: NEEDS[Math.max(NEEDS.indexOf(was.needs), NEEDS.indexOf(needs))] ?? needs,
    status: { ...was.status, ...status(was.status) },
  })
}

const same: Change = (situation) => situation

function trouble(
  reasonCode: string,
  sinceMs: number,
  dueInMs: number,
): (s: AgentStatus) => Partial<AgentStatus> {
  const reason = 'connecting to https://center:8443: ECONNREFUSED'
  const times = { since: now - sinceMs, attempts: 3, nextAttemptAt: now + dueInMs }
  return ({ center }) => ({ center: { ...center, trouble: { reasonCode, reason, ...times } } })
}

function alarm(code: string, subject = 'spool'): (status: AgentStatus) => Partial<AgentStatus> {
  return ({ alarms }) => ({ alarms: [...alarms, { code, subject, message: 'of 1 study: 1.2', since: now }] })
}

function free(
  share: number,
  room: AgentStatus['disk']['room'] = 'nothing',
): (status: AgentStatus) => Partial<AgentStatus> {
  return ({ disk }) => ({ disk: { ...disk, freeBytes: share * disk.reserveBytes, room } })
}

function device(state: 'pending' | 'refused', seenAt: number): (status: AgentStatus) => Partial<AgentStatus> {
  const sighting = {
    state,
    name: null,
    kind: null,
    lastInstance: null,
    silentAfterMs: null,
    proposal: null,
    callingAeTitle: 'CT2',
    calledAeTitle: 'FERRY',
    peerAddress: '10.0.0.9',
    firstSeenAt: seenAt,
    lastSeenAt: seenAt,
    associations: 0,
    rejections: 3,
    lastRejection: 'the device list has no such AE title',
    problem: { kind: state === 'pending' ? 'unknown' : 'called', detail: 'FERRY', at: seenAt },
  }
  return () => ({ devices: [sighting] })
}

function held(count: number): (status: AgentStatus) => Partial<AgentStatus> {
  return ({ deliveries }) => ({ deliveries: { ...deliveries, held: deliveries.held + count } })
}

const waiting: Change = (was) => ({
  ...was,
  name: `${was.name}, images wait`,
  status: {
    ...was.status,
    deliveries: { ...was.status.deliveries, queued: 40 },
    waitingBytes: 2 ** 20,
    oldestUnconfirmedAt: now - HOUR_MS,
  },
})

/** An accepted image whose file is gone or damaged is held as well. */
function lost(code: string): Change {
  return change(code, 'a person', { lost: code, held: 1 }, (status) => ({
    ...alarm(code)(status),
    ...held(1)(status),
  }))
}

/** The door to the devices has one more reason to be shut. */
function shut(
  name: string,
  by: Situation['door'],
  status: (status: AgentStatus) => Partial<AgentStatus>,
): Change {
  return (was) => change(name, 'a person', { door: was.door === 'open' ? by : 'shut by both' }, status)(was)
}

const fault = (code: string): Change => shut(code, 'shut by a fault', alarm(code))

const LINE: readonly Change[] = [
  same,
  change(
    'line down for a minute',
    'nobody',
    { line: 'tried later' },
    trouble('CENTER_UNREACHABLE', 60_000, 20_000),
  ),
  change('line down, tried now', 'nobody', { line: 'tried now' }, trouble('CENTER_UNREACHABLE', 60_000, 0)),
  change(
    'line down for two hours',
    'a person',
    { line: 'tried later' },
    trouble('CENTER_UNREACHABLE', 2 * HOUR_MS, 20_000),
  ),
  change('wrong key', 'a person', { line: 'tried later' }, trouble('CENTER_IDENTITY', 60_000, 20_000)),
  change('revoked', 'a person', { line: 'tried later' }, trouble('AGENT_REVOKED', 60_000, 20_000)),
]

/** Requests fail of which one study needs an answer, while the line works. */
const failed =
  (
    kind: RequestKind,
    reasonCode: string,
    sinceMs: number,
    dueInMs: number,
  ): ((s: AgentStatus) => Partial<AgentStatus>) =>
  ({ failedRequests }) => {
    const reason = 'the center answers POST /v1/manifests with HTTP status 507'
    const times = { since: now - sinceMs, attempts: 3, nextAttemptAt: now + dueInMs }
    return { failedRequests: [...failedRequests, { kind, reasonCode, reason, count: 1, ...times }] }
  }

const REQUESTS: readonly Change[] = [
  same,
  change(
    'no receipt for a minute',
    'nobody',
    { request: 'tried later' },
    failed('receipt', 'CENTER_BUSY', 60_000, 20_000),
  ),
  change(
    'no receipt, tried now',
    'nobody',
    { request: 'tried now' },
    failed('receipt', 'CENTER_BUSY', 60_000, 0),
  ),
  change(
    'no receipt for two hours',
    'a person',
    { request: 'tried later' },
    failed('receipt', 'CENTER_BUSY', 2 * HOUR_MS, 20_000),
  ),
  change(
    'a fault of ours',
    'a person',
    { request: 'tried later' },
    failed('pacs', 'INTERNAL', 60_000, 20_000),
  ),
  change('manifest refused', 'a person', { request: 'tried later' }, ({ alarms }) => ({
    alarms: [
      ...alarms,
      {
        code: 'CENTER_LIMIT',
        subject: '1.2',
        message: "the study's list is too long for the center",
        since: now,
        request: { kind: 'receipt', attempts: 3, nextAttemptAt: now + 20_000 },
      },
    ],
  })),
]

const DISK: readonly Change[] = [
  same,
  change('disk low', 'a person', {}, free(1.5)),
  // The door is half open: devices are let in down to half of the reserve.
  change('room is being made', 'nobody', { isMakingRoom: true }, (status) => ({
    ...free(0.6, 'making')(status),
    ...alarm('STORAGE_FULL')(status),
  })),
  (was) => ({ ...was, status: { ...was.status, ...free(1.5, 'making')(was.status) } }),
  shut('disk full', 'shut by a full disk', free(0.5)),
  shut('disk full, alarm', 'shut by a full disk', (status) => ({
    ...free(0.5)(status),
    ...alarm('STORAGE_FULL')(status),
  })),
]

export const DEVICE: readonly Change[] = [
  same,
  change('unlisted device', 'a decision', { device: 'unlisted' }, device('pending', now)),
  change('listed device refused', 'a person', { device: 'listed' }, device('refused', now)),
  (was) => ({ ...was, status: { ...was.status, ...device('pending', now - 48 * HOUR_MS)(was.status) } }),
]

const JOINED: readonly Change[] = [
  same,
  change('not joined', 'a person', { isJoined: false }, () => ({
    center: { name: null, url: null, trouble: null },
  })),
]

const BEHIND: readonly Change[] = [
  same,
  change('center behind', 'a person', { isBehind: true }, alarm('CENTER_BEHIND', 'center')),
]

const HELD: readonly Change[] = [
  same,
  (was) => change('held', 'a person', { held: was.held + 3 }, held(3))(was),
]

const WAITING: readonly Change[] = [
  same,
  waiting,
  change('waiting for 25 h', 'a person', {}, () => ({ oldestUnconfirmedAt: now - 25 * HOUR_MS })),
]

const CLOCK: readonly Change[] = [
  same,
  change('clock off', 'a person', {}, () => ({ clockOffsetMs: 90_000 })),
]

/** Accepted images that are gone, one dimension each. */
export const LOSSES: readonly (readonly Change[])[] = [
  [same, lost('SPOOL_FILE_MISSING'), lost('SPOOL_FILE_DAMAGED'), lost('CENTER_LOST')],
  HELD,
]

/** Failures of the line and of requests, with findings that need a person. */
export const AT_CENTER: readonly (readonly Change[])[] = [LINE, REQUESTS, BEHIND, HELD, DEVICE]

/** An agent that has joined no center has no line, and holds no instance. */
export const UNJOINED: readonly (readonly Change[])[] = [
  JOINED,
  DISK,
  [same, fault('STORAGE_ERROR'), fault('DATABASE_ERROR')],
  DEVICE,
]

export const WORLDS: readonly [readonly Change[], ...(readonly Change[])[]] = [
  LINE,
  DISK,
  [same, fault('STORAGE_ERROR'), fault('DATABASE_ERROR')],
  DEVICE,
  BEHIND,
  WAITING,
  CLOCK,
  ...LOSSES,
]

/** Alarms that are about nothing else; one at a time is enough. */
export const NOTICES: readonly Change[] = [
  'INDEX_REBUILT',
  'DEID_WITHHELD',
  'STUDY_INCOMPLETE',
  'COMMITMENT_UNREPORTED',
  'ORDERS_UNREACHABLE',
  'ORDERS_REFUSED',
  'ORDERS_INVALID',
  'ORDERS_NOT_KEPT',
  'MESSAGE_INVALID',
  'REPORT_UNASSIGNED',
  'RECEIPT_MISMATCH',
  'OTHER_CENTER',
  'AGE_NO_KEY',
  'SPOOL_FILE_INVALID',
  'KEY_LIST_OLDER',
  'CERTIFICATE_EXPIRING',
  'PACS_REFUSED',
  'AGENT_CLONED',
].map((code) => change(code, 'a person', {}, alarm(code)))

/** Every choice of one change from each dimension. */
export function* product(...dimensions: readonly (readonly Change[])[]): Generator<Situation> {
  const [first, ...rest] = dimensions
  if (first === undefined) return yield START
  for (const situation of product(...rest)) for (const apply of first) yield apply(situation)
}
