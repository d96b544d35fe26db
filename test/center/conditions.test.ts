import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type CenterState, conditionsOf } from '../../src/center/operate/conditions.ts'
import type { Agent, Note } from '../../src/center/register/register.ts'
import { isFolderLocked, lockFolder } from '../../src/platform/folder-lock.ts'
import { tempFolder } from '../support/temp-folder.ts'

const HOUR_MS = 3_600_000
const NOW = Date.UTC(2026, 0, 10)
const NOTHING_LOST = { lost: { count: 0, since: null }, isStoreThere: true }
const TIMES = { agentSilentMs: 72 * HOUR_MS, pacsAwayMs: HOUR_MS }

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

test('after the start of the center every agent has the whole time to ask', () => {
  const silent = agent({ lastSeenAt: NOW - 100 * HOUR_MS })
  expect(found({ agents: [silent], notes: [note('STARTED', 71)] })).toEqual([])
  expect(found({ agents: [silent], notes: [note('STARTED', 73)] })).toEqual(['act AGENT_SILENT Clinic'])
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
