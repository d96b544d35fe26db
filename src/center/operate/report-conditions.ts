import type { ReportedCondition } from '../../protocol/report/heartbeat.ts'
import type { ReceivedHeartbeat } from '../register/condition-register.ts'
import type { Agent } from '../register/register.ts'
import { type AlarmTimes, act, type Condition, coping, type RegisterState } from './condition.ts'

/** An agent reports every minute; a report that is older says nothing about the clocks of now. */
const FRESH_MS = 10 * 60_000

/** A report, and the approved agent that it is from. */
interface Report extends ReceivedHeartbeat {
  readonly about: Pick<Condition, 'subject' | 'values'> & { readonly subject: string }
}

/**
 * The conditions that agents report about themselves. They hold as last reported until the agent reports something else: an
 * agent that falls silent has not been mended.
 */
export function reportConditions(
  { agents, heartbeats }: RegisterState,
  now: number,
  times: AlarmTimes,
): Condition[] {
  const reports = heartbeats.flatMap((received): Report[] => {
    const agent = agents.find(({ kid }) => kid === received.agent)
    return agent?.state === 'approved' ? [{ ...received, about: about(agent, agents) }] : []
  })
  return [
    ...reports.flatMap((report) => [...stuck(report, now, times), ...reported(report)]),
    ...clocks(
      reports.filter(({ receivedAt }) => Math.abs(now - receivedAt) < FRESH_MS),
      times.clockOffMs,
    ),
  ]
}

/** Subject and values of a condition of one agent. Two agents with one name are told apart by their fingerprints. */
export function about({ kid, name, state }: Agent, agents: readonly Agent[]): Report['about'] {
  const isShared = agents.some((other) => other.kid !== kid && other.name === name && other.state === state)
  const subject = isShared ? `${name} (${kid.slice(0, 8)})` : name
  return { subject, values: { name: subject } }
}

function stuck({ heartbeat, about: agent }: Report, now: number, { agentStuckMs }: AlarmTimes): Condition[] {
  const { oldestAt: since, instances: count } = heartbeat.backlog
  if (since === null || now - since < agentStuckMs) return []
  return [act('AGENT_STUCK', { since, subject: agent.subject, values: { ...agent.values, count } })]
}

/** The center says the same in its own words, or knows better. */
const SAID_OTHERWISE: ReadonlySet<string> = new Set(['LATE', 'CLOCK', 'AGENT_CLONED', 'NOT_ENROLLED'])

/** Problems that the agent copes with are not the center's. */
function reported({ heartbeat: { conditions, disk }, about: agent }: Report): Condition[] {
  const mine = conditions.filter(({ severity, code }) => severity !== 'coping' && !SAID_OTHERWISE.has(code))
  return mergeEqual(
    mine.map((one) => {
      const { since, severity, code, subject } = one
      const make = severity === 'act' ? act : coping
      if (code === 'STORAGE_FULL' || code === 'STORAGE_LOW') {
        const { freeBytes, reserveBytes } = disk
        const values = { ...agent.values, freeBytes, reserveBytes }
        return make(`AGENT_${code}`, { since, subject: agent.subject, values })
      }
      if (code === 'DEVICE_SILENT') {
        const values = { ...agent.values, device: one.values['device'] ?? subject ?? '?' }
        return make('DEVICE_SILENT', { since, subject: `${agent.subject}/${subject ?? '?'}`, values })
      }
      return make('AGENT_REPORTS', {
        since,
        subject: `${agent.subject}/${problemOf(one)}`,
        values: { ...agent.values, problem: code, device: one.values['device'] ?? '' },
      })
    }),
  )
}

/** A refused device is a problem of its own. */
const problemOf = ({ code, subject, values }: ReportedCondition): string =>
  'device' in values && subject !== null ? `${code}/${subject}` : code

/** Several alarms of one kind are one condition, since the first of them. */
function mergeEqual(conditions: readonly Condition[]): Condition[] {
  const merged = new Map<string, Condition>()
  for (const condition of conditions) {
    const key = `${condition.code} ${condition.subject}`
    const known = merged.get(key)
    const since = Math.min(condition.since ?? Infinity, known?.since ?? Infinity)
    const severity = known?.severity === 'act' ? 'act' : condition.severity
    merged.set(key, { ...condition, severity, since: Number.isFinite(since) ? since : null })
  }
  return [...merged.values()]
}

/**
 * Clocks that differ by more than `limitMs`. If most agents agree among themselves, the center's own clock is the one that
 * is off.
 */
function clocks(reports: readonly Report[], limitMs: number): Condition[] {
  const offsets = reports.map(({ clockOffsetMs }) => clockOffsetMs).toSorted((a, b) => a - b)
  const median = offsets[(offsets.length - 1) >> 1] ?? 0
  const agreeing = offsets.filter((offset) => Math.abs(offset - median) <= limitMs).length
  const isCenters = offsets.length > 1 && Math.abs(median) > limitMs && agreeing > offsets.length / 2
  const conditions = reports.flatMap(({ clockOffsetMs, about: agent }) => {
    const offsetMs = Math.abs(isCenters ? clockOffsetMs - median : clockOffsetMs)
    if (offsetMs <= limitMs) return []
    return [act('CLOCK_OFF', { subject: agent.subject, values: { ...agent.values, offsetMs } })]
  })
  const own = act('CENTER_CLOCK_OFF', { values: { offsetMs: Math.abs(median), agents: agreeing } })
  return isCenters ? [own, ...conditions] : conditions
}
