import { expect, test } from '@jest/globals'
import type { CenterState, RegisterState } from '../../src/center/operate/condition.ts'
import { conditionsOf } from '../../src/center/operate/conditions.ts'
import type { Agent, Note } from '../../src/center/register/register.ts'
import type { Phrase } from '../../src/console/language/en/phrases-en.ts'
import { centerFindings } from '../../src/console/views/center-findings.ts'
import { CENTER_OUTLOOKS, type Outlooks } from '../../src/console/views/status-sentences.ts'
import { headlineOf } from '../../src/console/views/status-view.ts'

const NOW = 1_000_000_000
const HOUR_MS = 3_600_000
const TIMES = {
  agentSilentMs: 24 * HOUR_MS,
  pacsAwayMs: HOUR_MS,
  agentStuckMs: 12 * HOUR_MS,
  clockOffMs: 60_000,
}
const RESERVE = 100

const REGISTER: RegisterState = {
  agents: [],
  heartbeats: [],
  conflicts: { count: 0, heldFromPacs: 0 },
  firstSeen: [],
  lookedAt: null,
  failingTargets: [],
  silences: [],
  pacs: { waiting: 0, held: 0, refused: 0, unverified: 0 },
  lost: { count: 0, since: null },
  isStoreThere: true,
  notes: [],
}

const WELL: CenterState = {
  now: NOW,
  isRunning: true,
  folder: '/data',
  disks: [{ folder: '/data', freeBytes: 1000 }],
  reserveBytes: RESERVE,
  ballast: { wantedBytes: 10, bytes: 10 },
  register: REGISTER,
}

type Change = (state: CenterState) => CenterState

const same: Change = (state) => state

function register(change: (register: RegisterState) => Partial<RegisterState>): Change {
  return (state) =>
    'unreadable' in state.register
      ? state
      : { ...state, register: { ...state.register, ...change(state.register) } }
}

const note = (name: Note['name'], hoursAgo: number): Change =>
  register(({ notes }) => ({
    notes: [...notes, { name, since: NOW - hoursAgo * HOUR_MS, message: 'ECONNREFUSED' }],
  }))
const free =
  (freeBytes: number): Change =>
  (state) => ({
    ...state,
    disks: [{ folder: '/data', freeBytes }],
  })
const pacs = (counts: Partial<RegisterState['pacs']>): Change =>
  register((was) => ({ pacs: { ...was.pacs, ...counts } }))

const AGENT: Agent = {
  kid: 'k',
  publicKey: Buffer.alloc(32),
  name: 'North',
  ownName: 'pc',
  state: 'approved',
  joinedAt: 0,
  approvedAt: 0,
  revokedAt: null,
  lastSeenAt: 0,
  losses: 0,
  clonedSince: null,
  clonedAt: null,
}
const agent = (state: Agent['state'], more: Partial<Agent> = {}): Change =>
  register(({ agents }) => ({ agents: [...agents, { ...AGENT, state, ...more }] }))

const DIMENSIONS: readonly (readonly Change[])[] = [
  [same, (state) => ({ ...state, isRunning: false })],
  [same, (state) => ({ ...state, register: { unreadable: 'DATABASE_ERROR: no' } })],
  [same, free(1.5 * RESERVE), free(0.5 * RESERVE)],
  [same, (state) => ({ ...state, ballast: { wantedBytes: 10, bytes: 0 } })],
  [same, register(() => ({ isStoreThere: false }))],
  [same, register(() => ({ lost: { count: 3, since: NOW } }))],
  [same, pacs({ held: 2 }), pacs({ refused: 2 }), pacs({ unverified: 2 })],
  [same, note('PACS_AWAY', 0.5), note('PACS_AWAY', 3), note('PACS_DENIES_US', 0)],
  [same, note('KEYS_REFUSED', 1)],
  [same, agent('pending')],
  [same, agent('approved'), agent('approved', { lastSeenAt: NOW, clonedSince: NOW, clonedAt: NOW })],
]

function* product(...dimensions: readonly (readonly Change[])[]): Generator<CenterState> {
  const [first, ...rest] = dimensions
  if (first === undefined) return yield WELL
  for (const state of product(...rest)) for (const apply of first) yield apply(state)
}

/** Finds from the state itself why agents cannot send. */
function obstacles(state: CenterState): string[] {
  const isFull = state.disks.some(({ freeBytes }) => freeBytes < state.reserveBytes)
  return [
    ...(state.isRunning ? [] : ['not running']),
    ...(isFull ? ['full'] : []),
    ...('unreadable' in state.register ? ['register'] : state.register.isStoreThere ? [] : ['store']),
  ]
}

const isOnly = (state: CenterState, obstacle: string): boolean => obstacles(state).join() === obstacle

const known = ({ register: found }: CenterState): RegisterState | undefined =>
  'unreadable' in found ? undefined : found

/** When each sentence is true, from the state itself. */
const ORACLE: Partial<Record<Phrase, (state: CenterState) => boolean>> = {
  'health.well': (state) => state === WELL,
  'health.act': (state) => state !== WELL,
  // A center that runs, has all that it needs, and whose PACS is only slow or silent about its copies.
  'health.coping': (state) =>
    state !== WELL &&
    obstacles(state).length === 0 &&
    known(state)?.lost.count === 0 &&
    known(state)?.pacs.refused === 0 &&
    known(state)?.pacs.held === 0 &&
    known(state)?.agents.length === 0,
  'next.agentsWait': (state) => isOnly(state, 'not running'),
  'next.agentsWaitForRoom': (state) => isOnly(state, 'full'),
  'next.agentsWaitForStore': (state) => isOnly(state, 'store'),
  'next.agentsWaitForAll': (state) => obstacles(state).length > 1,
  'next.stillReceiving': (state) => obstacles(state).length === 0,
  'next.lostSentAgain': (state) => (known(state)?.lost.count ?? 0) > 0,
  'next.pacsRetry': (state) => (known(state)?.pacs.refused ?? 0) > 0,
  'next.untilReleased': (state) => (known(state)?.pacs.held ?? 0) > 0,
  'next.pacsAskedAgain': ({ isRunning }) => isRunning,
  'next.untilApproved': (state) => known(state)?.agents.some((one) => one.state === 'pending') === true,
  // It says nothing of what the center takes.
  'next.bothServed': (state) => known(state)?.agents.some((one) => one.clonedAt === NOW) === true,
  'next.untilHeard': ({ isRunning }) => isRunning,
}

const echo = (phrase: Phrase): string => phrase

function walk(outlooks: Outlooks): { heard: Set<string>; untrue: string[] } {
  const [heard, untrue] = [new Set<string>(), new Set<string>()]
  for (const state of product(...DIMENSIONS)) {
    const findings = centerFindings(conditionsOf(state, TIMES), echo, 'en')
    const { headline, findings: views } = headlineOf(findings, NOW, echo, outlooks)
    const next = views.flatMap(({ advice }) => advice.filter(({ label }) => label === 'health.next'))
    for (const sentence of [headline, ...next.map(({ text }) => text)]) {
      heard.add(sentence)
      if (ORACLE[sentence as Phrase]?.(state) !== true)
        untrue.add(`${sentence}: ${findings.map(({ code }) => code).join()}`)
    }
  }
  return { heard, untrue: [...untrue] }
}

test('in every state of the center each sentence of the status is true, and every sentence is heard', () => {
  const { heard, untrue } = walk(CENTER_OUTLOOKS)
  expect(untrue.slice(0, 5)).toEqual([])
  const table = Object.values(CENTER_OUTLOOKS).flatMap((sentences) => sentences.map(({ phrase }) => phrase))
  expect(table.filter((phrase) => !heard.has(phrase))).toEqual([])
})

test('the walk finds a center that promises that agents go on, with two things in their way', () => {
  const always = [{ phrase: 'next.agentsWait' as const, holds: () => true }]
  const { untrue } = walk({ ...CENTER_OUTLOOKS, NOT_RUNNING: always })
  expect(untrue).toContain('next.agentsWait: NOT_RUNNING,STORE_MISSING')
})
