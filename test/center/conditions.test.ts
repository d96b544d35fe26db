import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import type { CenterState } from '../../src/center/operate/condition.ts'
import { conditionsOf } from '../../src/center/operate/conditions.ts'
import type { ConditionTime } from '../../src/center/register/condition-register.ts'
import type { Agent, Note } from '../../src/center/register/register.ts'
import { isFolderLocked, lockFolder } from '../../src/platform/folder-lock.ts'
import type { Heartbeat } from '../../src/protocol/report/heartbeat.ts'
import { tempFolder } from '../support/temp-folder.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 0, 10)
const NOTHING_LOST = { lost: { count: 0, since: null }, isStoreThere: true }
const TIMES = {
  agentSilentMs: 72 * HOUR_MS,
  pacsAwayMs: HOUR_MS,
  agentStuckMs: 12 * HOUR_MS,
  clockOffMs: 60_000,
}

test('a center in order has no conditions', () => {
  expect(conditionsOf(center({ agents: [agent({ lastSeenAt: NOW })] }), TIMES)).toEqual([])
})

test('an agent that waits for approval needs a person, and a revoked one does not', () => {
  const agents = [agent({ state: 'pending', name: 'North' }), agent({ state: 'revoked', lastSeenAt: 1 })]
  expect(found({ agents })).toEqual(['act AGENT_PENDING North'])
})

test('an approved agent that is silent for longer than the time needs a person', () => {
  const silent = agent({ name: 'North', lastSeenAt: NOW - 73 * HOUR_MS })
  const asking = agent({ name: 'South', lastSeenAt: NOW - 71 * HOUR_MS })
  const neverSeen = agent({ name: 'East', lastSeenAt: null, approvedAt: NOW - 73 * HOUR_MS })
  expect(found({ agents: [silent, asking, neverSeen] })).toEqual([
    'act AGENT_SILENT North',
    'act AGENT_SILENT East',
  ])
})

test('after the start of the center every agent has ten minutes to call', () => {
  const silent = agent({ lastSeenAt: NOW - 100 * HOUR_MS })
  expect(found({ agents: [silent], notes: [note('STARTED', 0.15)] })).toEqual([])
  expect(found({ agents: [silent], notes: [note('STARTED', 0.17)] })).toEqual(['act AGENT_SILENT Clinic'])
})

test('an agent that was silent before a restart of the center stays so until it calls', () => {
  const register = { notes: [note('STARTED', 0)], firstSeen: [seen('AGENT_SILENT', 'Clinic')] }
  const silent = agent({ lastSeenAt: NOW - 100 * HOUR_MS })
  expect(found({ ...register, agents: [silent] })).toEqual(['act AGENT_SILENT Clinic'])
  expect(found({ ...register, agents: [agent({ lastSeenAt: NOW })] })).toEqual([])
})

test('a condition began when the running center first saw it, and one that it has not seen begins now', () => {
  const pacs = { waiting: 0, held: 0, refused: 2, unverified: 1 }
  const { register } = center({ pacs, firstSeen: [seen('PACS_REFUSED', null)] })
  expect(conditionsOf({ ...center({}), register }, TIMES).map(({ code, since }) => [code, since])).toEqual([
    ['PACS_REFUSED', NOW - HOUR_MS],
    ['PACS_UNVERIFIED', NOW],
  ])
})

test('a center that is not running ran until it last looked at its conditions', () => {
  const state = { ...center({ lookedAt: NOW - HOUR_MS }), isRunning: false }
  expect(conditionsOf(state, TIMES)).toMatchObject([{ code: 'NOT_RUNNING', since: NOW - HOUR_MS }])
})

test('a conflict needs a person, and is not counted once more among what is held from the PACS', () => {
  const pacs = { waiting: 0, held: 3, refused: 0, unverified: 0 }
  expect(found({ conflicts: { count: 2, heldFromPacs: 0 } })).toEqual(['act CONFLICTS'])
  expect(found({ pacs, conflicts: { count: 3, heldFromPacs: 3 } })).toEqual(['act CONFLICTS'])
  expect(found({ pacs, conflicts: { count: 3, heldFromPacs: 2 } })).toEqual([
    'act CONFLICTS',
    'act INSTANCES_HELD',
  ])
})

test('an instance of an agent without a receipt for half a day needs a person', () => {
  const backlog = { instances: 3, bytes: 1, held: 0, oldestAt: NOW - 12 * HOUR_MS }
  const young = { ...backlog, oldestAt: NOW - 11 * HOUR_MS }
  expect(reports({ backlog })).toEqual(['act AGENT_STUCK Clinic'])
  expect(reports({ backlog: young })).toEqual([])
})

test('the problems of an agent that need a person are shown, and those that it copes with are not', () => {
  const problem = { severity: 'act', since: NOW, subject: null, values: {} } as const
  const device = { subject: 'CT1', values: { device: 'CT room 1 (CT1)' } }
  const conditions = [
    { ...problem, code: 'STORAGE_FULL' },
    { ...problem, code: 'DEVICE_SILENT', ...device },
    { ...problem, code: 'DEVICE_REJECTED', ...device },
    { ...problem, code: 'HELD' },
    { ...problem, code: 'HELD' },
    { ...problem, code: 'CENTER_BUSY', severity: 'coping' as const },
    { ...problem, code: 'CLOCK' },
    { ...problem, code: 'DEVICE_REJECTED', severity: 'decide' as const },
  ]
  expect(reports({ conditions })).toEqual([
    'act AGENT_STORAGE_FULL Clinic',
    'act DEVICE_SILENT Clinic/CT1',
    'act AGENT_REPORTS Clinic/DEVICE_REJECTED/CT1',
    'act AGENT_REPORTS Clinic/HELD',
    'coping AGENT_REPORTS Clinic/DEVICE_REJECTED',
  ])
})

test('a clock that is off is that of the agent, unless most agents agree against the center', () => {
  const MINUTE_MS = 60_000
  expect(clocks(2 * MINUTE_MS)).toEqual(['act CLOCK_OFF 0'])
  expect(clocks(MINUTE_MS)).toEqual([])
  expect(clocks(0, 0, -2 * MINUTE_MS)).toEqual(['act CLOCK_OFF 2'])
  expect(clocks(20 * MINUTE_MS, 20.5 * MINUTE_MS, 19.9 * MINUTE_MS)).toEqual(['act CENTER_CLOCK_OFF'])
  expect(clocks(20 * MINUTE_MS, 20 * MINUTE_MS, 0)).toEqual(['act CENTER_CLOCK_OFF', 'act CLOCK_OFF 2'])
  expect(clocks(20 * MINUTE_MS, 0)).toEqual(['act CLOCK_OFF 0'])
})

test('two agents of one name are told apart', () => {
  const agents = [
    agent({ state: 'pending', kid: '11111111aa' }),
    agent({ state: 'pending', kid: '22222222bb' }),
  ]
  expect(found({ agents })).toEqual([
    'act AGENT_PENDING Clinic (11111111)',
    'act AGENT_PENDING Clinic (22222222)',
  ])
})

test('a center that is not running needs a person, and nothing is said about its agents', () => {
  expect(found({ agents: [agent({ lastSeenAt: 1 })] }, { isRunning: false })).toEqual(['act NOT_RUNNING'])
})

test('a PACS that is away is coped with at first and then needs a person', () => {
  expect(found({ notes: [note('PACS_AWAY', 0.9)] })).toEqual(['coping PACS_UNREACHABLE'])
  expect(found({ notes: [note('PACS_AWAY', 1)] })).toEqual(['act PACS_UNREACHABLE'])
})

test('a PACS that refuses instances or does not let the center in needs a person at once', () => {
  expect(found({ pacs: { waiting: 0, held: 0, refused: 2, unverified: 0 } })).toEqual(['act PACS_REFUSED'])
  expect(found({ notes: [note('PACS_DENIES_US', 0)] })).toEqual(['act PACS_DENIES_US'])
  expect(found({ notes: [note('KEYS_REFUSED', 0)] })).toEqual(['act KEYS_REFUSED'])
})

test('lost instances and a store that is not there need a person', () => {
  expect(found({ lost: { count: 3, since: NOW - 1 } })).toEqual(['act INSTANCES_LOST'])
  expect(found({ isStoreThere: false })).toEqual(['act STORE_MISSING'])
})

test('each disk is compared with the reserve', () => {
  const disks = [
    { folder: '/a', freeBytes: 200 },
    { folder: '/b', freeBytes: 199 },
    { folder: '/c', freeBytes: 99 },
  ]
  expect(found({}, { disks })).toEqual(['act STORAGE_LOW /b', 'act STORAGE_FULL /c'])
})

test('a ballast that is gone needs a person, unless the center is about to make it again', () => {
  const gone = { wantedBytes: 10, bytes: 0 }
  const tight = [{ folder: '/data', freeBytes: 119 }]
  expect(found({}, { ballast: gone })).toEqual(['coping BALLAST_GONE'])
  expect(found({}, { ballast: gone, disks: tight })).toEqual(['act STORAGE_LOW /data', 'act BALLAST_GONE'])
  expect(found({}, { ballast: gone, isRunning: false })).toEqual(['act NOT_RUNNING', 'act BALLAST_GONE'])
})

test('a register that cannot be read is a condition, beside what is known without it', () => {
  const state = { ...center({}), isRunning: false, register: { unreadable: 'DATABASE_ERROR: no' } }
  expect(conditionsOf(state, TIMES).map(({ code }) => code)).toEqual(['NOT_RUNNING', 'REGISTER_UNREADABLE'])
})

test('whether a process works in a folder can be asked without keeping one from starting', () => {
  using folder = tempFolder()
  expect(isFolderLocked(folder.path)).toBe(false)
  for (let i = 0; i < 3; i++) {
    using lock = lockFolder(folder.path, 'center')
    expect([isFolderLocked(folder.path), lock]).toEqual([true, lock])
    expect(() => lockFolder(folder.path, 'center')).toThrow(`works in ${folder.path}`)
  }
  expect(isFolderLocked(folder.path)).toBe(false)
  expect(isFolderLocked(join(folder.path, 'none'))).toBe(false)
})

function seen(code: string, subject: string | null): ConditionTime {
  return { code, subject, since: NOW - HOUR_MS, actSince: null }
}

const HEARTBEAT: Heartbeat = {
  version: '0.1.0',
  now: NOW,
  startedAt: 0,
  clockOffsetMs: 0,
  disk: { freeBytes: 1000, reserveBytes: 100, room: 'enough' },
  backlog: { instances: 0, bytes: 0, held: 0, oldestAt: null },
  today: { since: 0, studies: 0 },
  callers: { refused: 0, pending: 0 },
  devices: [],
  conditions: [],
}

/** The conditions of a clinic whose agent reports this. */
function reports(told: Partial<Heartbeat>): string[] {
  const heartbeat = { ...HEARTBEAT, ...told }
  const heartbeats = [{ agent: 'k', receivedAt: NOW, clockOffsetMs: 0, heartbeat }]
  return found({ agents: [agent({})], heartbeats })
}

/** The conditions of agents whose clocks are ahead by this much. */
function clocks(...offsets: number[]): string[] {
  const agents = offsets.map((_, i) => agent({ kid: String(i), name: String(i) }))
  const heartbeats = offsets.map((clockOffsetMs, i) => {
    return { agent: String(i), receivedAt: NOW, clockOffsetMs, heartbeat: HEARTBEAT }
  })
  return found({ agents, heartbeats })
}

function found(register: Partial<CenterState['register']>, more: Partial<CenterState> = {}): string[] {
  return conditionsOf({ ...center(register), ...more }, TIMES).map(({ severity, code, subject }) =>
    [severity, code, ...(subject === null ? [] : [subject])].join(' '),
  )
}

function center(register: Partial<CenterState['register']>): CenterState {
  return {
    now: NOW,
    isRunning: true,
    folder: '/data',
    disks: [{ folder: '/data', freeBytes: 1000 }],
    reserveBytes: 100,
    ballast: { wantedBytes: 10, bytes: 10 },
    register: {
      agents: [],
      heartbeats: [],
      conflicts: { count: 0, heldFromPacs: 0 },
      firstSeen: [],
      lookedAt: null,
      failingTargets: [],
      silences: [],
      pacs: { waiting: 0, held: 0, refused: 0, unverified: 0 },
      notes: [],
      ...NOTHING_LOST,
      ...register,
    },
  }
}

function agent(more: Partial<Agent>): Agent {
  return {
    kid: 'k',
    publicKey: Buffer.alloc(32),
    name: 'Clinic',
    ownName: 'pc',
    state: 'approved',
    joinedAt: 0,
    approvedAt: 0,
    revokedAt: null,
    lastSeenAt: NOW,
    losses: 0,
    clonedSince: null,
    clonedAt: null,
    ...more,
  }
}

function note(name: Note['name'], hoursAgo: number): Note {
  return { name, since: NOW - hoursAgo * HOUR_MS, message: '' }
}
