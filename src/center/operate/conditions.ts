import { isCloned } from '../register/agent-runs.ts'
import type { MessageSilence } from '../register/condition-register.ts'
import {
  type AlarmTimes,
  act,
  type CenterState,
  type Condition,
  conditionKey,
  coping,
  type RegisterState,
} from './condition.ts'
import { about, reportConditions } from './report-conditions.ts'

/** Lists all problems; those that need a person come first. To add one, add one more function. */
export function conditionsOf(state: CenterState, times: AlarmTimes): Condition[] {
  const conditions = [...notRunning(state), ...disks(state), ...ballast(state)]
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
      ...reportConditions(register, state.now, times),
      ...messages(state, register),
    )
  }
  return conditions
    .map((condition) => ({
      ...condition,
      since: condition.since ?? firstSeen(condition, state),
      silencedUntil: silencedUntil(condition, state.register),
    }))
    .toSorted((a, b) => rank(a) - rank(b))
}

/** A condition that the running center has not seen yet begins now. */
function firstSeen(condition: Condition, { register, now }: CenterState): number | null {
  if ('unreadable' in register) return null
  const key = conditionKey(condition)
  return register.firstSeen.find((one) => conditionKey(one) === key)?.since ?? now
}

const rank = ({ severity }: Condition): number => (severity === 'act' ? 0 : 1)

function silencedUntil(condition: Condition, register: CenterState['register']): number | null {
  if ('unreadable' in register) return null
  const ends = register.silences.filter((one) => isSilencedBy(one, condition)).map(({ until }) => until)
  return ends.length === 0 ? null : Math.max(...ends)
}

/** A silence about an agent covers its devices and problems. */
function isSilencedBy({ code, subject }: MessageSilence, condition: Condition): boolean {
  if (code !== condition.code) return false
  const own = condition.subject ?? ''
  return subject === null || own === subject || own.startsWith(`${subject}/`)
}

/** It ran until it last looked at its conditions. */
function notRunning({ isRunning, folder, register }: CenterState): Condition[] {
  const since = 'unreadable' in register ? null : register.lookedAt
  return isRunning ? [] : [act('NOT_RUNNING', { since, values: { folder } })]
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

function pacs(
  { pacs: counts, conflicts, notes }: RegisterState,
  now: number,
  times: AlarmTimes,
): Condition[] {
  const conditions: Condition[] = []
  const { refused, unverified } = counts
  const held = counts.held - conflicts.heldFromPacs
  if (conflicts.count > 0) conditions.push(act('CONFLICTS', { values: { count: conflicts.count } }))
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

/** Messages fail now and then; a person looks at one that fails for longer. */
const MESSAGES_PATIENCE_MS = 10 * 60_000

function messages({ now, isRunning }: CenterState, { failingTargets }: RegisterState): Condition[] {
  if (!isRunning) return []
  return failingTargets.map(({ target, since, reason }) => {
    const details = { since, subject: target, values: { target, reason } }
    return (now - since >= MESSAGES_PATIENCE_MS ? act : coping)('MESSAGES_UNSENT', details)
  })
}

function pendingAgents({ agents }: RegisterState): Condition[] {
  return agents
    .filter(({ state }) => state === 'pending')
    .map((agent) => act('AGENT_PENDING', { since: agent.joinedAt, ...about(agent, agents) }))
}

/** A running agent reports every minute. Each has this long after a start of the center, which may have been down for days. */
const GRACE_MS = 10 * 60_000

/**
 * While the center is not running, no agent can call it. An agent that was found silent before a restart stays so until
 * it calls, however often the center starts.
 */
function silentAgents(
  { now, isRunning }: CenterState,
  { agents, notes, firstSeen: seen }: RegisterState,
  { agentSilentMs }: AlarmTimes,
): Condition[] {
  if (!isRunning) return []
  const startedAt = notes.find(({ name }) => name === 'STARTED')?.since ?? 0
  const isGrace = now - startedAt < Math.min(GRACE_MS, agentSilentMs)
  const before = new Set(seen.map(conditionKey))
  return agents.flatMap((agent) => {
    const { state, lastSeenAt, approvedAt, joinedAt } = agent
    const since = lastSeenAt ?? approvedAt ?? joinedAt
    if (state !== 'approved' || now - since < agentSilentMs) return []
    const silent = act('AGENT_SILENT', { since, ...about(agent, agents) })
    return isGrace && !before.has(conditionKey(silent)) ? [] : [silent]
  })
}

function clonedAgents({ agents }: RegisterState, now: number): Condition[] {
  return agents
    .filter((agent) => agent.state === 'approved' && isCloned(agent, now))
    .map((agent) => act('AGENT_CLONED', { since: agent.clonedSince, ...about(agent, agents) }))
}
