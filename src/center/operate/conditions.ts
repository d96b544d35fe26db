import { isCloned } from '../register/agent-runs.ts'
import type { Agent, Note, PacsCounts } from '../register/register.ts'

/** Every condition that the center's status can name. The console has words for each in both languages. */
export type ConditionCode =
  | 'NOT_RUNNING'
  | 'REGISTER_UNREADABLE'
  | 'STORAGE_FULL'
  | 'STORAGE_LOW'
  | 'STORE_MISSING'
  | 'INSTANCES_LOST'
  | 'BALLAST_GONE'
  | 'PACS_REFUSED'
  | 'PACS_UNVERIFIED'
  | 'INSTANCES_HELD'
  | 'PACS_UNREACHABLE'
  | 'PACS_ADDRESS'
  | 'PACS_DENIES_US'
  | 'KEYS_REFUSED'
  | 'AGENT_PENDING'
  | 'AGENT_SILENT'
  | 'AGENT_CLONED'

/** One problem at the center. */
export interface Condition {
  readonly code: ConditionCode
  /** 'act': a person is needed. 'coping': the center continues by itself. */
  readonly severity: 'act' | 'coping'
  /** Ms since 1970; null if it is not known. */
  readonly since: number | null
  /** The subject of the condition: an agent's name, a folder. */
  readonly subject: string | null
  /** Values for the placeholders. A name that ends in Bytes or Ms is shown in readable units. */
  readonly values: Readonly<Record<string, string | number>>
}

/** Times after which a problem needs a person. */
export interface AlarmTimes {
  /** An approved agent that has not asked for anything for this long. */
  readonly agentSilentMs: number
  /** A PACS that has been out of reach for this long. */
  readonly pacsAwayMs: number
}

export interface DiskState {
  readonly folder: string
  readonly freeBytes: number
}

/** The facts in the register from which conditions are derived. */
export interface RegisterState {
  readonly agents: readonly Agent[]
  readonly pacs: PacsCounts
  /** Instances whose files are gone or damaged and that no agent has sent again; the time of the first. */
  readonly lost: { readonly count: number; readonly since: number | null }
  /** False if the folder of instances does not have the marker that the register expects. */
  readonly isStoreThere: boolean
  /** Written by the running center; see {@link Note}. */
  readonly notes: readonly Note[]
}

/** Everything known about a center to a process that need not be the running center. */
export interface CenterState {
  readonly now: number
  readonly isRunning: boolean
  readonly folder: string
  /** One for each file system that holds part of the center's data; the first holds the register. */
  readonly disks: readonly DiskState[]
  readonly reserveBytes: number
  /** The file that is released when the disk is full. */
  readonly ballast: { readonly wantedBytes: number; readonly bytes: number }
  /** The reason, if the register cannot be read. */
  readonly register: RegisterState | { readonly unreadable: string }
}

/** Lists all problems; those that need a person come first. To add one, add one more function. */
export function conditionsOf(state: CenterState, times: AlarmTimes): Condition[] {
  const conditions = [...running(state), ...disks(state), ...ballast(state)]
  if ('unreadable' in state.register) {
    conditions.push(act('REGISTER_UNREADABLE', { values: { reason: state.register.unreadable } }))
  } else {
    // A center that is not running observes nothing: its last notes may no longer be true.
    const register = state.isRunning ? state.register : { ...state.register, notes: [] }
    conditions.push(
      ...store(state, register),
      ...pacs(register, state.now, times),
      ...keys(register),
      ...pendingAgents(register),
      ...silentAgents(state, register, times),
      ...clonedAgents(register, state.now),
    )
  }
  return conditions.toSorted((a, b) => rank(a) - rank(b))
}

const rank = ({ severity }: Condition): number => (severity === 'act' ? 0 : 1)

type Details = Partial<Omit<Condition, 'code' | 'severity'>>

function act(code: ConditionCode, details: Details = {}): Condition {
  return { code, severity: 'act', since: null, subject: null, values: {}, ...details }
}

function coping(code: ConditionCode, details: Details = {}): Condition {
  return { ...act(code, details), severity: 'coping' }
}

function running({ isRunning, folder }: CenterState): Condition[] {
  return isRunning ? [] : [act('NOT_RUNNING', { values: { folder } })]
}

function disks({ disks: all, reserveBytes }: CenterState): Condition[] {
  return all.flatMap(({ folder, freeBytes }) => {
    if (freeBytes >= 2 * reserveBytes) return []
    const code = freeBytes < reserveBytes ? 'STORAGE_FULL' : 'STORAGE_LOW'
    return [act(code, { subject: folder, values: { folder, freeBytes, reserveBytes } })]
  })
}

function store({ folder }: CenterState, { lost, isStoreThere }: RegisterState): Condition[] {
  const conditions: Condition[] = []
  if (!isStoreThere) conditions.push(act('STORE_MISSING', { values: { folder } }))
  if (lost.count > 0)
    conditions.push(act('INSTANCES_LOST', { since: lost.since, values: { count: lost.count } }))
  return conditions
}

/** If there is room a running center makes it again within seconds. */
function ballast({
  ballast: { wantedBytes, bytes },
  disks: [disk],
  reserveBytes,
  isRunning,
}: CenterState): Condition[] {
  const missing = wantedBytes - bytes
  if (missing <= 0) return []
  const isMadeAgain = isRunning && (disk?.freeBytes ?? 0) >= reserveBytes + 2 * missing
  return [(isMadeAgain ? coping : act)('BALLAST_GONE', { values: { wantedBytes } })]
}

function pacs({ pacs: counts, notes }: RegisterState, now: number, times: AlarmTimes): Condition[] {
  const conditions: Condition[] = []
  const { held, refused, unverified } = counts
  if (held > 0) conditions.push(act('INSTANCES_HELD', { values: { count: held } }))
  if (refused > 0) conditions.push(act('PACS_REFUSED', { values: { count: refused } }))
  if (unverified > 0) conditions.push(coping('PACS_UNVERIFIED', { values: { count: unverified } }))
  for (const { name, since, message: reason } of notes) {
    const details = { since, values: { reason } }
    if (name === 'PACS_DENIES_US' || name === 'PACS_ADDRESS') conditions.push(act(name, details))
    if (name !== 'PACS_AWAY') continue
    conditions.push((now - since >= times.pacsAwayMs ? act : coping)('PACS_UNREACHABLE', details))
  }
  return conditions
}

function keys({ notes }: RegisterState): Condition[] {
  return notes
    .filter(({ name }) => name === 'KEYS_REFUSED')
    .map(({ since, message: reason }) => act('KEYS_REFUSED', { since, values: { reason } }))
}

function pendingAgents({ agents }: RegisterState): Condition[] {
  return agents
    .filter(({ state }) => state === 'pending')
    .map(({ name, joinedAt: since }) => act('AGENT_PENDING', { since, subject: name, values: { name } }))
}

/** While the center is not running no agent can call it, and after its start each has the whole time to do so. */
function silentAgents(
  { now, isRunning }: CenterState,
  { agents, notes }: RegisterState,
  { agentSilentMs }: AlarmTimes,
): Condition[] {
  const startedAt = notes.find(({ name }) => name === 'STARTED')?.since ?? 0
  if (!isRunning || now - startedAt < agentSilentMs) return []
  return agents.flatMap(({ state, name, lastSeenAt, approvedAt, joinedAt }) => {
    const since = lastSeenAt ?? approvedAt ?? joinedAt
    if (state !== 'approved' || now - since < agentSilentMs) return []
    return [act('AGENT_SILENT', { since, subject: name, values: { name } })]
  })
}

function clonedAgents({ agents }: RegisterState, now: number): Condition[] {
  return agents
    .filter((agent) => agent.state === 'approved' && isCloned(agent, now))
    .map(({ name, clonedSince: since }) => act('AGENT_CLONED', { since, subject: name, values: { name } }))
}
